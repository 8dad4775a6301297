using BenchmarkDotNet.Running;

// dotnet run -c Release --project bench/Diffusion.Benchmarks -- --filter '*'
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
