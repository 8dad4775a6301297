using System.CommandLine;
using Diffusion.Cli.Output;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;
using Diffusion.Torch.Training;
using Diffusion.Torch.Training.Objectives;

namespace Diffusion.Cli.Training;

/// <summary><c>export</c>: turns a run's averaged weights into a model folder.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var run = new Argument<string>("run") { Description = "Folder of a training run." };
        var output = new Option<string>("--out") { Description = "Model folder to write, in diffusers' layout.", Required = true }
            .NotEmpty();
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

    /// <summary>
    /// Writes <paramref name="modelFolder"/> from the newest checkpoint in <paramref name="runFolder"/>.
    /// </summary>
    /// <exception cref="UserErrorException">The folder holds no run, or no checkpoint yet.</exception>
    public static void Export(string runFolder, string modelFolder)
    {
        OutputFile.RequireWritableFolder(modelFolder);
        var settings = RunSettings.Read(runFolder);
        var scheduler = SchedulerOf(settings) ?? throw new UserErrorException(FindProblem(settings)!);
        var path = TrainRun.LatestCheckpoint(runFolder)
            ?? throw new UserErrorException($"The run in '{runFolder}' has no checkpoint yet.");
        using var checkpoint = SafetensorsFile.Open(path);
        var writer = new SafetensorsWriter();
        writer.Metadata["format"] = "pt";
        foreach (var (name, entry) in checkpoint.Entries)
        {
            if (name.StartsWith(Trainer.AveragePrefix, StringComparison.Ordinal)
                && !name.StartsWith(Trainer.AveragePrefix + Trainer.ObjectivePrefix, StringComparison.Ordinal))
            {
                writer.Add(
                    name[Trainer.AveragePrefix.Length..],
                    SafetensorsDType.F16,
                    entry.Shape.ToArray(),
                    destination => checkpoint.CopyTo(name, destination));
            }
        }

        ModelFolder.Save(modelFolder, settings.Network, scheduler, settings.ClassNames);
        var weights = ModelFolder.WeightsPath(modelFolder);
        writer.Save(weights);
        Console.WriteLine($"{Path.GetFileName(path)} -> {weights}, {new FileInfo(weights).Length / 1e6:F1} MB");
        if (scheduler.Edm is null && scheduler.Prediction is (PredictionType.Score or PredictionType.Edm))
        {
            Console.WriteLine(
                $"diffusers has no prediction_type '{scheduler.Prediction.Name()}' on this schedule: "
                + "only this project samples it.");
        }
    }

    /// <summary>Why a run cannot become a model folder, as a sentence; null when it can.</summary>
    public static string? FindProblem(RunSettings settings) => SchedulerOf(settings) is null
        ? "A model folder can describe the schedules linear, scaled-linear, cosine and cosine-zero-snr, and edm with "
            + $"the parameterization 'edm', not '{settings.Schedule}' with '{settings.Options.Prediction.Name()}'."
        : null;

    // Null where diffusers' keys do not say it. Trailing spacing begins few-step sampling at pure noise, where the
    // chain begins too.
    private static SchedulerConfig? SchedulerOf(RunSettings settings)
    {
        var config = new SchedulerConfig
        {
            Prediction = settings.Options.Prediction,
            Sampler = new SamplerConfig
            {
                TimestepSpacing = "trailing",
                VarianceType = settings.Options.Variance == ReverseVariance.Learned ? "learned_range" : "fixed_small",
            },
        };
        return settings.Schedule switch
        {
            "linear" => config,
            "scaled-linear" => config with { BetaSchedule = "scaled_linear", BetaStart = 0.00085, BetaEnd = 0.012 },
            "cosine" => config with { BetaSchedule = "squaredcos_cap_v2" },
            "cosine-zero-snr" => config with { BetaSchedule = "squaredcos_cap_v2", RescaleBetasZeroSnr = true },
            "edm" when settings.Options.Prediction == PredictionType.Edm => config with
            {
                Edm = new EdmNoise(),
                Sampler = new SamplerConfig { ClassName = "EDMEulerScheduler", UseKarrasSigmas = true },
            },
            _ => null,
        };
    }
}
