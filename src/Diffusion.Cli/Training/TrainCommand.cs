using System.CommandLine;
using Diffusion.Cli.Data;
using Diffusion.Cli.Output;
using Diffusion.Torch.Training;
using Diffusion.Torch.Training.Objectives;
using Spectre.Console;

namespace Diffusion.Cli.Training;

/// <summary><c>train</c>: trains a class-conditional network of textures.</summary>
internal static class TrainCommand
{
    /// <summary>Of Fashion-MNIST's 10,000 test pictures, so that the held-out loss is soon measured.</summary>
    private const int HeldOutGrey = 1000;
    private const double MinMinutes = 0.001;
    private const double MaxMinutes = 525_600;
    private const int MaxBatch = 4096;

    private static readonly TrainingOptions _defaults = new();

    private static readonly Option<string> _data = Text(
        "--data", "data/textures", "Training set: a folder with CLASS/*.png, or Fashion-MNIST's four files.").NotEmpty();

    private static readonly Option<string> _out =
        Text("--out", "runs/textures-64", "Folder of the run: checkpoints, log, pictures.").NotEmpty();

    private static readonly Option<int?> _iterations = new Option<int?>("--iterations")
    {
        Description = $"Iterations in all. [default: {_defaults.Iterations}, or no limit with --minutes]",
    }.Within(1, int.MaxValue);

    private static readonly Option<double?> _minutes = new Option<double?>("--minutes")
    {
        Description = "Training time in all; the learning rate falls to 0 by then.",
    }.Within(MinMinutes, MaxMinutes);

    private static readonly Option<int> _batch =
        Number("--batch", _defaults.BatchSize, "Pictures an iteration.").Within(1, MaxBatch);

    private static readonly Option<double> _learningRate =
        Number("--learning-rate", _defaults.LearningRate, "Highest learning rate.").PositiveUpTo(1);

    private static readonly Option<int> _canvas =
        Number("--canvas", RunSettings.UsualCanvas, "Edge of the training pictures.").Within(1, 1024);

    private static readonly Option<double> _largeCanvas = Number(
        "--large-canvas",
        _defaults.LargeCanvasShare,
        "Share of the iterations that show a quarter as many pictures of twice the edge.").Within(0, 0.99);

    private static readonly Option<ulong> _seed = Number("--seed", _defaults.Seed, "Seed of everything random.");
    private static readonly Option<bool> _resume = new("--resume")
    {
        Description = "Goes on with the run in --out, with its settings; --minutes or --iterations give it a longer "
            + "budget.",
    };

    private static readonly Option<string?> _export = new("--export")
    {
        Description = "Model folder to write at the end.",
    };

    private static readonly Option<int> _checkpointEvery = Number(
        "--checkpoint-every", 500, "Iterations between checkpoints; the last two are kept.").Within(1, int.MaxValue);

    private static readonly Option<int> _sampleEvery =
        Number("--sample-every", 500, "Iterations between sample sheets.").Within(1, int.MaxValue);

    private static readonly Option<string?> _device = new("--device")
    {
        Description = "cpu, cuda or cuda:N. [default: cuda where there is one]",
    };

    static TrainCommand() => OptionRules.RequireText(_export);

    public static Command Create()
    {
        var command = new Command(
            "train",
            "Trains a texture network, by default as Algorithm 1 of the DDPM paper; Ctrl+C leaves a checkpoint.")
        {
            _data, _out, _iterations, _minutes, _batch, _learningRate, _canvas, _largeCanvas, _seed, _resume,
            _export,
            _checkpointEvery, _sampleEvery, _device,
        };
        foreach (var option in StartArguments.All.Concat(NetworkArguments.All).Concat(ObjectiveArguments.All)
            .Concat(DistillArguments.All))
        {
            command.Add(option);
        }

        command.SetAction(Run);
        return command;
    }

    private static async Task<int> Run(ParseResult parsed, CancellationToken cancellation)
    {
        var folder = parsed.GetValue(_out)!;
        var device = TorchDevice.Parse(parsed.GetValue(_device));
        var resume = parsed.GetValue(_resume);
        if (!resume && TrainRun.LatestCheckpoint(folder) is not null)
        {
            throw new UserErrorException($"The folder '{folder}' already holds a run: give --resume, or another --out.");
        }

        OutputFile.RequireWritableFolder(folder);
        if (parsed.GetValue(_export) is { } exportFolder)
        {
            OutputFile.RequireWritableFolder(exportFolder, _export.Name);
        }

        var dataFolder = parsed.GetValue(_data)!;
        var isGrey = FashionMnistFolder.IsOne(dataFolder);
        var settings = resume ? Resumed(parsed, RunSettings.Read(folder)) : SettingsOf(parsed, isGrey);
        if (parsed.GetValue(_export) is not null && ExportCommand.FindProblem(settings) is { } problem)
        {
            throw new UserErrorException(problem);
        }

        TrainingData data = isGrey
            ? FashionMnistFolder.Load(dataFolder, HeldOutGrey)
            : TextureDataset.Create(TextureFolder.Load(dataFolder), settings.Canvas);
        if (resume && !data.ClassNames.SequenceEqual(settings.ClassNames))
        {
            throw new UserErrorException($"The classes in '{dataFolder}' are not those that '{folder}' was trained on.");
        }

        settings = settings.Teacher is null
            ? settings with
            {
                ClassNames = data.ClassNames,
                Network = settings.Network with { NumClassEmbeds = data.ClassNames.Count + 1 },
            }
            : FitsTeacher(settings, data, dataFolder);
        var run = new TrainRun(folder, settings, device)
        {
            CheckpointEvery = parsed.GetValue(_checkpointEvery),
            SampleEvery = parsed.GetValue(_sampleEvery),
        };
        if (!await TrainAsync(run, data, cancellation))
        {
            Console.WriteLine($"Stopped; a checkpoint is in {folder}. Go on with --resume.");
            return CommandLineHost.Cancelled;
        }

        Console.WriteLine($"Done: {run.SamplesPath}, {run.LossPlotPath}");
        if (parsed.GetValue(_export) is { } modelFolder)
        {
            ExportCommand.Export(folder, modelFolder);
        }

        return 0;
    }

    private static RunSettings FitsTeacher(RunSettings settings, TrainingData data, string dataFolder) =>
        data.ClassNames.SequenceEqual(settings.ClassNames) && data.Channels == settings.Network.ImageChannels
            ? settings
            : throw new UserErrorException(
                $"The classes in '{dataFolder}' are not those of the teacher '{settings.Teacher!.Path}'.");

    private static async Task<bool> TrainAsync(TrainRun run, TrainingData data, CancellationToken cancellation)
    {
        if (Console.IsOutputRedirected)
        {
            foreach (var line in data.Describe())
            {
                Console.WriteLine(line);
            }

            return run.Train(data, new PlainTrainingDisplay(Console.Out), cancellation);
        }

        return await AnsiConsole.Progress()
            .Columns(
                new ProgressBarColumn(),
                new PercentageColumn(),
                new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(context => Task.Run(
                () => run.Train(data, new BarTrainingDisplay(context.AddTask("train", maxValue: 1)), cancellation),
                CancellationToken.None));
    }

    private static RunSettings SettingsOf(ParseResult parsed, bool grey)
    {
        DistillArguments.RequireTeacher(parsed);
        if (DistillArguments.IsAsked(parsed))
        {
            return StartArguments.IsAsked(parsed)
                ? throw new UserErrorException("--from cannot go with --distill: a student begins as its teacher.")
                : OfModel(parsed, DistillArguments.SettingsOf);
        }

        if (grey && (StartArguments.IsAsked(parsed) || parsed.GetValue(_largeCanvas) > 0))
        {
            throw new UserErrorException("--from and --large-canvas are for textures, not for Fashion-MNIST.");
        }

        if (StartArguments.IsAsked(parsed))
        {
            return OfModel(parsed, StartArguments.SettingsOf);
        }

        var canvas = grey ? FashionMnistFolder.Edge : parsed.GetValue(_canvas);
        var channels = grey ? 1 : 3;
        if (grey && parsed.GetResult(_canvas)?.Implicit == false && parsed.GetValue(_canvas) != canvas)
        {
            throw new UserErrorException(
                $"--canvas is {parsed.GetValue(_canvas)}; these pictures are {canvas} pixels wide.");
        }

        var options = OptionsOf(parsed);
        var network = NetworkArguments.ConfigOf(
            parsed, canvas, channels, options.Variance == ReverseVariance.Learned);
        if (canvas % network.Stride != 0 || canvas <= 2 * TextureDataset.CropBorder)
        {
            throw new UserErrorException(
                $"--canvas {canvas} must be a multiple of {network.Stride} for this network, and above "
                + $"{2 * TextureDataset.CropBorder}.");
        }

        RequireBatch(parsed, channels, canvas);
        return new RunSettings
        {
            Schedule = ObjectiveArguments.ScheduleOf(parsed),
            Canvas = canvas,
            ClassNames = [],
            Network = network,
            Options = options,
        };
    }

    // Settings that a model folder decides in part.
    private static RunSettings OfModel(
        ParseResult parsed, Func<ParseResult, TrainingOptions, int?, IEnumerable<Option>, RunSettings> settingsOf)
    {
        int? canvas = parsed.GetResult(_canvas)?.Implicit == false ? parsed.GetValue(_canvas) : null;
        var settings = settingsOf(
            parsed,
            OptionsOf(parsed),
            canvas,
            [.. NetworkArguments.All, .. ObjectiveArguments.OfTheTeacher]);
        var stride = settings.Network.Stride;
        if (settings.Canvas % stride != 0)
        {
            throw new UserErrorException(
                $"--canvas {settings.Canvas} must be a multiple of {stride} for this network.");
        }

        RequireBatch(parsed, settings.Network.ImageChannels, settings.Canvas);
        return settings;
    }

    // A batch is one array.
    private static void RequireBatch(ParseResult parsed, int channels, int canvas)
    {
        var largestBatch = int.MaxValue / (channels * canvas * canvas);
        if (parsed.GetValue(_batch) > largestBatch)
        {
            throw new UserErrorException(
                $"--batch is {parsed.GetValue(_batch)}; of {canvas}x{canvas} pictures it can be at most "
                + $"{largestBatch}.");
        }
    }

    private static TrainingOptions OptionsOf(ParseResult parsed)
    {
        var minutes = parsed.GetValue(_minutes);
        return ObjectiveArguments.Apply(parsed, new TrainingOptions
        {
            Iterations = parsed.GetValue(_iterations) ?? (minutes is null ? _defaults.Iterations : int.MaxValue),
            Duration = minutes is { } limit ? TimeSpan.FromMinutes(limit) : null,
            BatchSize = parsed.GetValue(_batch),
            LearningRate = parsed.GetValue(_learningRate),
            LargeCanvasShare = parsed.GetValue(_largeCanvas),
            Seed = parsed.GetValue(_seed),
        });
    }

    // A run's settings are its own; only its end may be moved.
    private static RunSettings Resumed(ParseResult parsed, RunSettings settings)
    {
        Option[] ofTheRun =
        [
            _batch, _learningRate, _canvas, _largeCanvas, _seed, .. StartArguments.All, .. NetworkArguments.All,
            .. ObjectiveArguments.All, .. DistillArguments.All,
        ];
        OptionRules.RefuseGiven(
            parsed, ofTheRun, "cannot change with --resume: the run keeps the settings it was started with.");
        var minutes = parsed.GetValue(_minutes);
        var iterations = parsed.GetValue(_iterations);
        return minutes is null && iterations is null
            ? settings
            : settings with
            {
                Options = settings.Options with
                {
                    Iterations = iterations ?? int.MaxValue,
                    Duration = minutes is { } limit ? TimeSpan.FromMinutes(limit) : null,
                },
            };
    }

    private static Option<string> Text(string name, string value, string description) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };

    private static Option<T> Number<T>(string name, T value, string description) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };
}
