using BenchmarkDotNet.Running;
using Diffusion.Benchmarks;

// dotnet run -c Release --project bench/Diffusion.Benchmarks -- --filter '*'
// dotnet run -c Release --project bench/Diffusion.Benchmarks -- compute models/textures-64 64
if (args is ["compute", string model, string edge])
{
    ComputeKernels.Print(model, int.Parse(edge, System.Globalization.CultureInfo.InvariantCulture), Console.Out);
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
