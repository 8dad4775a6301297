using System.CommandLine;
using Diffusion.Peers;

// dotnet run -c Release --project bench/Diffusion.Peers
var model = new Option<string>("--model")
{
    Description = "Model folder, of the shipped model's kind.",
    DefaultValueFactory = _ => "models/textures-64",
};
var sizes = new Option<int[]>("--size")
{
    Description = "Edges of the canvas in pixels.",
    DefaultValueFactory = _ => [64, 128],
    AllowMultipleArgumentsPerToken = true,
};
var batches = new Option<int[]>("--batch")
{
    Description = "Batches: 1, or 2 as with guidance.",
    DefaultValueFactory = _ => [1, 2],
    AllowMultipleArgumentsPerToken = true,
};
var threads = new Option<int>("--threads")
{
    Description = "Threads of each engine.",
    DefaultValueFactory = _ => 1,
};
var seconds = new Option<double>("--seconds")
{
    Description = "Time for each canvas and batch.",
    DefaultValueFactory = _ => 40,
};
var seamless = new Option<bool>("--seamless") { Description = "Convolutions wrap around." };
var spin = new Option<bool>("--spin")
{
    Description = "Idle workers spin before they sleep, in all engines but the slices on ONNX Runtime.",
};
var root = new RootCommand("Runs the network in several engines by turns, on the CPU, and compares their times.")
{
    model, sizes, batches, threads, seconds, seamless, spin,
};
root.SetAction(parsed => PeerProgram.Run(new PeerSettings
{
    Model = parsed.GetValue(model)!,
    Sizes = parsed.GetValue(sizes)!,
    Batches = parsed.GetValue(batches)!,
    Threads = parsed.GetValue(threads),
    Duration = TimeSpan.FromSeconds(parsed.GetValue(seconds)),
    IsSeamless = parsed.GetValue(seamless),
    IsSpinning = parsed.GetValue(spin),
}));
return root.Parse(args).Invoke();
