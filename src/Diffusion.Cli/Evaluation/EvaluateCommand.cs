using System.CommandLine;
using System.Globalization;
using Diffusion.Cli.Evaluation.Quality;
using Diffusion.Cli.Training;
using Diffusion.Torch.Likelihood;
using Spectre.Console;

namespace Diffusion.Cli.Evaluation;

/// <summary>
/// <c>evaluate</c>: likelihoods of held-out pictures, the optimal variance, and the quality of textures.
/// </summary>
internal static class EvaluateCommand
{
    private const string Vlb = "vlb";
    private const string Ode = "ode";
    private const int MaxBatch = 4096;
    private const int DefaultCount = 16;

    private static readonly QualityOptions _quality = new();

    private static readonly Option<string?> _bpd = new("--bpd")
    {
        Description = "Bits per dimension: vlb (variational bound) or ode (probability-flow ODE).",
        HelpName = "vlb|ode",
    };

    private static readonly Option<bool> _optimalVariance = new("--optimal-variance")
    {
        Description = "Estimate the optimal variance from training pictures and save it in the model folder.",
    };

    private static readonly Option<string[]> _model = new("--model")
    {
        Description = "Model folder in diffusers layout; with --quality several, each with its own --model.",
        Required = true,
        HelpName = "DIR",
    };

    private static readonly Option<string> _data = new Option<string>("--data")
    {
        Description = "Data: CLASS/*.png, or Fashion-MNIST's four files.",
        Required = true,
        HelpName = "DIR",
    }.NotEmpty();

    private static readonly Option<int?> _count = new Option<int?>("--count")
    {
        Description = "Pictures, spread evenly over the set, at most all of it (default 16); "
            + "quality: textures of each class (default 8).",
        HelpName = "N",
    }.Within(1, int.MaxValue);

    private static readonly Option<string?> _steps = new("--steps")
    {
        Description = "Levels of the chain (vlb; default all), points of the curve (--optimal-variance; default 100), "
            + "or solver steps with commas between (quality; default 1,2,4,8,16,32,50).",
        HelpName = "N",
    };

    private static readonly Option<ulong> _seed = Number("--seed", 1UL, "Seed of everything random.");
    private static readonly Option<string?> _variance = new("--variance")
    {
        Description = "vlb: variance of a step. [default: the model's own]",
        HelpName = "small|large|learned|optimal",
    };

    private static readonly Option<string> _probe = new("--probe")
    {
        Description = "ode: vector of the trace estimate.",
        DefaultValueFactory = _ => "rademacher",
        HelpName = "rademacher|gaussian",
    };

    private static readonly Option<string> _dequantization = new("--dequantization")
    {
        Description = "ode: uniform noise, or the forward process's own, which compares with vlb.",
        DefaultValueFactory = _ => "uniform",
        HelpName = "uniform|diffusion",
    };

    private static readonly Option<double> _tolerance =
        Number("--tolerance", 1e-5, "ode: absolute and relative tolerance of the solver.");

    private static readonly Option<int> _batch =
        Number("--batch", 8, "Pictures evaluated together.").Within(1, MaxBatch);

    private static readonly Option<bool?> _seamless = new("--seamless")
    {
        Description = "Whether the network wraps around the canvas. [default: true for colour, false for grey]",
    };

    private static readonly Option<string?> _device = new("--device")
    {
        Description = "cpu, cuda or cuda:N. [default: cuda where there is one]",
    };

    static EvaluateCommand()
    {
        OptionRules.RequireText(_model);
        _bpd.AcceptOnlyFromAmong(Vlb, Ode);
        _variance.AcceptOnlyFromAmong("small", "large", "learned", "optimal");
        _probe.AcceptOnlyFromAmong("rademacher", "gaussian");
        _dequantization.AcceptOnlyFromAmong("uniform", "diffusion");
    }

    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "evaluate",
            "Measures a model's likelihood of held-out pictures, its optimal variance, or how good its textures are.")
        {
            _bpd, _optimalVariance, _model, _data, _count, _steps, _seed, _variance, _probe, _dequantization,
            _tolerance, _batch, _seamless, _device,
        };
        _quality.AddTo(command);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        if (_quality.IsWanted(parsed))
        {
            await QualityCommand.RunAsync(ReadQuality(parsed), AnsiConsole.Console, cancellation);
            return 0;
        }

        EvaluationSettings settings = Read(parsed);
        var evaluator = new Evaluator(settings);
        if (Console.IsOutputRedirected)
        {
            evaluator.Run(_ => { }, cancellation);
        }
        else
        {
            await EvaluationProgress.On(AnsiConsole.Console).StartAsync(context =>
            {
                ProgressTask task = context.AddTask($"{settings.Count} pictures", maxValue: 1);
                return Task.Run(() => evaluator.Run(share => task.Value = share, cancellation), CancellationToken.None);
            });
        }

        evaluator.Report(AnsiConsole.Console);
        return 0;
    }

    private static QualitySettings ReadQuality(ParseResult parsed)
    {
        Option[] others =
            [_bpd, _optimalVariance, _variance, _probe, _dequantization, _tolerance, _batch, _seamless, _device];
        OptionRules.RefuseGiven(parsed, others, "has no meaning for --quality.");
        return _quality.Read(
            parsed,
            parsed.GetValue(_model)!,
            parsed.GetValue(_data)!,
            parsed.GetValue(_steps),
            parsed.GetValue(_count),
            parsed.GetValue(_seed));
    }

    private static EvaluationSettings Read(ParseResult parsed)
    {
        string? bpd = parsed.GetValue(_bpd);
        bool optimal = parsed.GetValue(_optimalVariance);
        if (bpd is null == !optimal)
        {
            throw new UserErrorException("Give either --bpd vlb, --bpd ode, --optimal-variance or --quality.");
        }

        _quality.RequireAbsent(parsed);
        if (parsed.GetValue(_model) is { Length: > 1 } models)
        {
            throw new UserErrorException($"--model names {models.Length} folders; only --quality compares several.");
        }

        int? steps = ReadSteps(parsed.GetValue(_steps));
        if (bpd == Ode && steps is not null)
        {
            throw new UserErrorException(
                $"--steps {steps} has no meaning for --bpd ode, whose solver chooses its own; see --tolerance.");
        }

        if (bpd != Vlb && parsed.GetValue(_variance) is { } variance)
        {
            throw new UserErrorException($"--variance {variance} has a meaning for --bpd vlb only.");
        }

        double tolerance = parsed.GetValue(_tolerance);
        if (!(tolerance is > 0 and < 1))
        {
            throw new UserErrorException($"--tolerance is {tolerance}; it must be above 0 and below 1.");
        }

        return new EvaluationSettings
        {
            Kind = optimal ? EvaluationKind.OptimalVariance : bpd == Ode ? EvaluationKind.Flow : EvaluationKind.Bound,
            Model = parsed.GetValue(_model)![0],
            Data = parsed.GetValue(_data)!,
            Count = parsed.GetValue(_count) ?? DefaultCount,
            Steps = steps,
            Seed = parsed.GetValue(_seed),
            Variance = parsed.GetValue(_variance) is { } name ? Enum.Parse<StepVariance>(name, ignoreCase: true) : null,
            Probe = Enum.Parse<TraceProbe>(parsed.GetValue(_probe)!, ignoreCase: true),
            Dequantization = Enum.Parse<Dequantization>(parsed.GetValue(_dequantization)!, ignoreCase: true),
            Tolerance = tolerance,
            BatchSize = parsed.GetValue(_batch),
            Seamless = parsed.GetValue(_seamless),
            Device = TorchDevice.Parse(parsed.GetValue(_device)),
        };
    }

    private static int? ReadSteps(string? text) => text is null
        ? null
        : int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int steps) && steps > 0
            ? steps
            : throw new UserErrorException($"--steps is '{text}'; it must be a whole number of at least 1.");

    private static Option<T> Number<T>(string name, T value, string description) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };
}
