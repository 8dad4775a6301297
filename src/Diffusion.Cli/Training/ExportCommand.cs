using System.CommandLine;
using Diffusion.Cli.Generation;
using Diffusion.Cli.Output;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;
using Diffusion.Torch.Training;
using Diffusion.Torch.Training.Objectives;

namespace Diffusion.Cli.Training;

/// <summary>
/// <c>export</c>: turns a run's averaged weights into a model folder, or a model folder's network into ONNX.
/// </summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var run = new Argument<string?>("run")
        {
            Description = "Folder of a training run, for --out.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var output = new Option<string?>("--out")
        {
            Description = "Model folder to write from the run's last checkpoint, in diffusers' layout (fp16).",
            HelpName = "DIR",
        };
        var onnx = new Option<string?>("--onnx")
        {
            Description = "ONNX file (operator set 19, float32) to write from a model folder; with --per-slice a new folder.",
            HelpName = "FILE|DIR",
        };
        var model = new Option<string?>("--model")
        {
            Description = $"Model folder to read for --onnx. Default: {ModelLocator.DefaultModel}.",
            HelpName = "DIR",
        };
        var seamless = new Option<bool>("--seamless") { Description = "Convolutions of the ONNX graph wrap around." };
        var perSlice = new Option<bool>("--per-slice") { Description = "One ONNX graph for each slice of the network." };
        foreach (Option<string?> path in (Option<string?>[])[output, onnx, model])
        {
            OptionRules.RequireText(path);
        }

        var command = new Command(
            "export", "Writes a run's averaged weights as a model folder, or a model folder's network as ONNX.")
        {
            run, output, onnx, model, seamless, perSlice,
        };
        command.Validators.Add(result =>
        {
            bool isOnnx = result.GetResult(onnx) is not null;
            bool hasRun = result.GetResult(run) is { Tokens.Count: > 0 };
            bool hasOutput = result.GetResult(output) is not null;
            if (isOnnx && (hasRun || hasOutput))
            {
                result.AddError("--onnx reads a model folder (--model); a run goes with --out.");
            }
            else if (!isOnnx && (!hasRun || !hasOutput))
            {
                result.AddError("export takes a run and --out, or --onnx.");
            }
            else if (!isOnnx && new Option[] { model, seamless, perSlice }.FirstOrDefault(IsGiven) is { } other)
            {
                result.AddError($"{other.Name} goes with --onnx.");
            }

            bool IsGiven(Option option) => result.GetResult(option) is { Implicit: false };
        });
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(onnx) is not { } path)
            {
                Export(parsed.GetValue(run)!, parsed.GetValue(output)!);
                return 0;
            }

            string folder = ModelLocator.Find(parsed.GetValue(model));
            if (parsed.GetValue(perSlice))
            {
                OnnxFiles.WriteSlices(folder, path, parsed.GetValue(seamless));
            }
            else
            {
                OnnxFiles.WriteWhole(folder, path, parsed.GetValue(seamless));
            }

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

        if (settings.Options.Distillation is { } distillation)
        {
            scheduler = scheduler with
            {
                ClipSampleRange = distillation.ClampLimit,
                Sampler = new SamplerConfig
                {
                    ClassName = "DDIMScheduler",
                    TimestepSpacing = "trailing",
                    DistilledSteps = distillation.StepCounts,
                },
            };
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

    /// <summary>Whether a model's noise is that of a run on a schedule with a table.</summary>
    public static bool IsNoiseOf(ModelFolder folder, RunSettings settings) =>
        SchedulerOf(settings) is { Edm: null } noise
        && noise == folder.Scheduler with
        {
            Sampler = noise.Sampler,
            ClipSample = noise.ClipSample,
            ClipSampleRange = noise.ClipSampleRange,
        };

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
