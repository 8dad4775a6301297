using System.Globalization;
using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Training;
using Diffusion.Torch.UNet;
using static TorchSharp.torch;

namespace Diffusion.Cli.Training;

/// <summary>A training run in its folder: the loop, its checkpoints, log and pictures.</summary>
internal sealed class TrainRun
{
    private const int CheckpointsKept = 2;
    private const string CheckpointPattern = "checkpoint-*.safetensors";
    private const string LogName = "log.csv";

    private readonly string _folder;
    private readonly RunSettings _settings;
    private readonly Device _device;

    public TrainRun(string folder, RunSettings settings, Device device)
    {
        _folder = folder;
        _settings = settings;
        _device = device;
    }

    /// <summary>Iterations between checkpoints.</summary>
    public int CheckpointEvery { get; init; } = 500;

    /// <summary>Iterations between sample sheets, at which the held-out loss is measured too.</summary>
    public int SampleEvery { get; init; } = 500;

    public string LossPlotPath => Path.Combine(_folder, "loss.png");

    public string SamplesPath => Path.Combine(_folder, "samples.png");

    /// <summary>The newest checkpoint of a run's folder, or null where it has none.</summary>
    public static string? LatestCheckpoint(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, CheckpointPattern).Order(StringComparer.Ordinal).LastOrDefault()
        : null;

    /// <summary>
    /// Writes the settings and trains to the end of the budget, or until cancelled; leaves a checkpoint either way.
    /// </summary>
    /// <returns>Whether the budget was used up.</returns>
    public bool Train(TrainingData data, ITrainingDisplay display, CancellationToken cancellation)
    {
        manual_seed((long)_settings.Options.Seed);
        using var network = new UNet2DModel(_settings.Network) { Seamless = data.Seamless };
        using var teacher = OpenTeacher(network, data.Seamless);
        if (LatestCheckpoint(_folder) is null)
        {
            BeginWithModel(network);
        }

        var schedule = NoiseSchedules.Parse(_settings.Schedule);
        using var trainer = new Trainer(network, data, schedule, _settings.Options, _device, teacher);
        if (LatestCheckpoint(_folder) is { } latest)
        {
            trainer.Load(latest);
        }

        // Only now is it certain that network, data and options go together.
        Directory.CreateDirectory(_folder);
        _settings.Write(_folder);

        var logPath = Path.Combine(_folder, LogName);
        using (var log = new TrainingLog(logPath, trainer.Iteration))
        {
            display.Start(trainer, _folder);
            while (trainer.Progress < 1 && !cancellation.IsCancellationRequested)
            {
                var step = trainer.Step();
                double? heldOutLoss = null;
                if (step.Iteration % SampleEvery == 0)
                {
                    heldOutLoss = trainer.HeldOutLoss();
                    WriteSamples(trainer, network, $"samples-{step.Iteration:000000}.png");
                }

                log.Add(step, trainer.Elapsed, heldOutLoss);
                display.Show(trainer, step, heldOutLoss);
                if (step.Iteration % CheckpointEvery == 0)
                {
                    SaveCheckpoint(trainer);
                }
            }
        }

        SaveCheckpoint(trainer);
        if (trainer.Progress < 1)
        {
            return false;
        }

        WriteSamples(trainer, network, Path.GetFileName(SamplesPath));
        LossPlot.Write(logPath, LossPlotPath, $"loss ({_settings.Options.Objective})");
        return true;
    }

    // A student begins as its teacher.
    private UNet2DModel? OpenTeacher(UNet2DModel student, bool seamless)
    {
        if (_settings.Teacher is null)
        {
            return null;
        }

        var teacher = UNetWeights.Load(_settings.Teacher.Open());
        teacher.Seamless = seamless;
        Student.Initialise(student, teacher, _settings.ClassNames.Count);
        return teacher;
    }

    private void BeginWithModel(UNet2DModel network)
    {
        if (_settings.Start is { } start)
        {
            var folder = start.Open();
            using var source = UNetWeights.Load(folder);
            WarmStart.Initialise(network, _settings.ClassNames, source, folder.ClassNames);
        }
    }

    private void WriteSamples(Trainer trainer, UNet2DModel network, string name)
    {
        using var average = trainer.UseAverage();
        SampleSheet.Write(
            Path.Combine(_folder, name),
            network,
            trainer.Schedule,
            _settings.Options.Prediction,
            _settings.ClassNames.Count,
            _settings.Options.Distillation?.StepCounts ?? [],
            _settings.Network.ImageChannels,
            _settings.Canvas,
            _device);
    }

    private void SaveCheckpoint(Trainer trainer)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"checkpoint-{trainer.Iteration:00000000}.safetensors");
        trainer.Save(Path.Combine(_folder, name));
        foreach (var old in Directory.EnumerateFiles(_folder, CheckpointPattern)
                     .OrderDescending(StringComparer.Ordinal).Skip(CheckpointsKept))
        {
            File.Delete(old);
        }
    }
}
