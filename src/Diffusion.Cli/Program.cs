using System.CommandLine;
using Diffusion.Cli;
using Diffusion.Cli.Checking;
using Diffusion.Cli.Data;
using Diffusion.Cli.Evaluation;
using Diffusion.Cli.Packaging;
using Diffusion.Cli.Profiling;
using Diffusion.Cli.Sampling;
using Diffusion.Cli.Soaking;
using Diffusion.Cli.Training;
using Diffusion.Cli.Tuning;
using Diffusion.Torch;

// Before anything loads libtorch: these two only compute, but that textures are timed as a game would make them.
if (args is ["train" or "evaluate", ..] && !args.Contains("--quality"))
{
    AppContext.SetSwitch(TorchNative.ThroughputSwitch, true);
}

var root = new RootCommand("Generates, trains and measures textures by diffusion.")
{
    SampleCommand.Create(),
    DataCommand.Create(),
    TrainCommand.Create(),
    ExportCommand.Create(),
    EvaluateCommand.Create(),
    ProfileCommand.Create(),
    SoakCommand.Create(),
    CpuLoadCommand.Create(),
    PackageCommand.Create(),
    CheckCommand.Create(),
    TuneCommand.Create(),
};
return await CommandLineHost.RunAsync(root, args, Console.Error);
