using System.CommandLine;
using Diffusion.Cli.Generation;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Cli.Evaluation.Quality;

/// <summary>The options of <c>evaluate</c> that belong to <c>--quality</c>.</summary>
internal sealed class QualityOptions
{
    private const int DefaultCount = 8;
    private const int MaxCount = 1000;
    private const float MaxGuidance = 100;
    private const string DefaultSteps = "1,2,4,8,16,32,50";

    private readonly Option<bool> _quality = new("--quality")
    {
        Description = "Measure textures by solver and step count against held-out ones, with times and intervals.",
    };

    private readonly Option<string> _solver = new Option<string>("--solver")
    {
        Description = "quality: solvers to compare, with commas between.",
        DefaultValueFactory = _ => "dpmpp-2m",
        HelpName = "NAMES",
    }.NotEmpty();

    private readonly Option<float[]> _guidance = new("--guidance")
    {
        Description = "quality: guidance scale, once for all models or once for each. [default: as sample]",
        HelpName = "W",
    };

    private readonly Option<string?> _interval = new("--guidance-interval")
    {
        Description = "quality: levels of noise at which guidance applies, for all models. [default: as sample]",
        HelpName = "A..B",
    };

    private readonly Option<string> _output = new Option<string>("--out")
    {
        Description = "quality: folder of textures, times and reports; what is there is not done again, its rows stay.",
        DefaultValueFactory = _ => Path.Combine("out", "quality"),
        HelpName = "DIR",
    }.NotEmpty();

    private readonly Option<int> _timed = new Option<int>("--timed")
    {
        Description = "quality: textures timed for each row; 0 leaves times out.",
        DefaultValueFactory = _ => 3,
        HelpName = "N",
    }.Within(0, MaxCount);

    private readonly Option<string?> _only = new("--only")
    {
        Description = "quality: make missing textures only, or measure all times anew, on a machine that is quiet.",
        HelpName = "samples|times",
    };

    private readonly Option<string?> _gallery = new("--gallery")
    {
        Description = "quality: folder that gets gallery.md and its picture; the page with sliders goes to --out.",
        HelpName = "DIR",
    };

    public QualityOptions()
    {
        _only.AcceptOnlyFromAmong("samples", "times");
        OptionRules.RequireText(_gallery);
        _guidance.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<float[]>()!.Any(w => !(w >= 0 && w <= MaxGuidance)))
            {
                result.AddError($"--guidance must be from 0 to {MaxGuidance}.");
            }
        });
    }

    private Option[] OfQuality => [_solver, _guidance, _interval, _output, _timed, _only, _gallery];

    /// <summary>Adds them to the command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_quality);
        foreach (Option option in OfQuality)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Whether quality was asked for.</summary>
    public bool IsWanted(ParseResult parsed) => parsed.GetValue(_quality);

    /// <summary>Refuses what has a meaning for quality only.</summary>
    /// <exception cref="UserErrorException">One of them was given.</exception>
    public void RequireAbsent(ParseResult parsed)
    {
        OptionRules.RefuseGiven(parsed, OfQuality, "has a meaning for --quality only.");
    }

    /// <summary>What was asked for.</summary>
    /// <exception cref="UserErrorException">A value breaks its rule.</exception>
    public QualitySettings Read(
        ParseResult parsed, IReadOnlyList<string> models, string data, string? steps, int? count, ulong seed)
    {
        string? only = parsed.GetValue(_only);
        int textures = count ?? DefaultCount;
        return new QualitySettings
        {
            Models = Models(
                models,
                parsed.GetValue(_guidance) ?? [],
                GuidanceIntervals.Parse(parsed.GetValue(_interval), _interval.Name)),
            Data = data,
            Solvers = Solvers(parsed.GetValue(_solver)!),
            Steps = Steps(steps ?? DefaultSteps),
            Count = textures <= MaxCount
                ? textures
                : throw new UserErrorException(
                    $"--count is {textures}; it must be 1 to {MaxCount} textures of a class."),
            Seed = seed,
            Folder = parsed.GetValue(_output)!,
            Timed = parsed.GetValue(_timed),
            Part = only is null ? QualityPart.All : Enum.Parse<QualityPart>(only, ignoreCase: true),
            Gallery = parsed.GetValue(_gallery),
        };
    }

    private static ModelChoice[] Models(
        IReadOnlyList<string> folders, float[] guidance, GuidanceInterval interval) =>
        guidance.Length <= 1 || guidance.Length == folders.Count
            ? [.. folders.Select((folder, i) =>
                new ModelChoice(folder, guidance.Length == 0 ? null : guidance[guidance.Length == 1 ? 0 : i])
                {
                    Interval = interval,
                })]
            : throw new UserErrorException(
                $"--guidance is given {guidance.Length} times for {folders.Count} models; "
                + "give it once, or once for each.");

    private static string[] Solvers(string list)
    {
        string[] names = list.Split(',', StringSplitOptions.TrimEntries);
        foreach (string name in names)
        {
            if (!SolverCatalog.Names.Contains(name) || name == new DdimInversionSolver().Name)
            {
                throw new UserErrorException(
                    $"--solver '{name}' cannot be compared; it must be of {string.Join(", ", SolverCatalog.Names)}.");
            }
        }

        return [.. names.Distinct()];
    }

    private static int[] Steps(string list) =>
    [
        .. list.Split(',', StringSplitOptions.TrimEntries)
            .Select(text => int.TryParse(text, out int steps) && steps is >= 1 and <= StepGrid.MaxStepCount
                ? steps
                : throw new UserErrorException(
                    $"--steps is '{text}'; each must be a whole number from 1 to {StepGrid.MaxStepCount}."))
            .Distinct()
            .Order(),
    ];
}
