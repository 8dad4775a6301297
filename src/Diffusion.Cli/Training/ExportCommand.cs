using System.CommandLine;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;
using Diffusion.Torch.Training;

namespace Diffusion.Cli.Training;

/// <summary><c>export</c>: turns a run's averaged weights into a model folder.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var run = new Argument<string>("run") { Description = "Folder of a training run." };
        var output = new Option<string>("--out") { Description = "Model folder to write, in diffusers' layout.", Required = true };
        var command = new Command("export", "Writes the averaged weights of a run's last checkpoint as a model folder (fp16).")
        {
            run, output,
        };
        command.SetAction(parsed =>
        {
            Export(parsed.GetValue(run)!, parsed.GetValue(output)!);
            return 0;
        });
        return command;
    }

    /// <summary>Writes <paramref name="modelFolder"/> from the newest checkpoint in <paramref name="runFolder"/>.</summary>
    /// <exception cref="UserErrorException">The folder holds no run, or no checkpoint yet.</exception>
    public static void Export(string runFolder, string modelFolder)
    {
        var settings = RunSettings.Read(runFolder);
        var path = TrainRun.LatestCheckpoint(runFolder)
            ?? throw new UserErrorException($"The run in '{runFolder}' has no checkpoint yet.");
        using var checkpoint = SafetensorsFile.Open(path);
        var writer = new SafetensorsWriter();
        writer.Metadata["format"] = "pt";
        foreach (var (name, entry) in checkpoint.Entries)
        {
            if (name.StartsWith(Trainer.AveragePrefix, StringComparison.Ordinal))
            {
                writer.Add(
                    name[Trainer.AveragePrefix.Length..],
                    SafetensorsDType.F16,
                    entry.Shape.ToArray(),
                    destination => checkpoint.CopyTo(name, destination));
            }
        }

        ModelFolder.Save(modelFolder, settings.Network, SchedulerOf(settings), settings.ClassNames);
        var weights = ModelFolder.WeightsPath(modelFolder);
        writer.Save(weights);
        Console.WriteLine($"{Path.GetFileName(path)} -> {weights}, {new FileInfo(weights).Length / 1e6:F1} MB");
    }

    // Trailing spacing begins few-step sampling at pure noise, where the chain begins too.
    private static SchedulerConfig SchedulerOf(RunSettings settings) => new()
    {
        BetaSchedule = settings.Schedule == "cosine" ? "squaredcos_cap_v2" : "linear",
        Prediction = settings.Options.Prediction,
        Sampler = new SamplerConfig { TimestepSpacing = "trailing" },
    };
}
