using System.CommandLine;
using Diffusion.Cli;
using Diffusion.Cli.Data;
using Diffusion.Cli.Evaluation;
using Diffusion.Cli.Profiling;
using Diffusion.Cli.Sampling;
using Diffusion.Cli.Training;

var root = new RootCommand("Generates, trains and measures textures by diffusion.")
{
    SampleCommand.Create(),
    DataCommand.Create(),
    TrainCommand.Create(),
    ExportCommand.Create(),
    EvaluateCommand.Create(),
    ProfileCommand.Create(),
    CpuLoadCommand.Create(),
};
return await CommandLineHost.RunAsync(root, args, Console.Error);
