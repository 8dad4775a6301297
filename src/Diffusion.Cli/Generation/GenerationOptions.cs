using System.CommandLine;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Cli.Generation;

/// <summary>
/// The options that every command which generates textures shares; one place for their names, defaults and help.
/// </summary>
/// <param name="defaultSteps">Solver steps where none are named.</param>
/// <param name="prefersFast">Whether the distilled model serves where neither a model nor a way to sample is
/// named.</param>
internal sealed class GenerationOptions(
    int defaultSteps = ModelDescription.UndistilledSteps, bool prefersFast = false)
{
    private const string List = "list";
    private const float MaxGuidance = 100;

    // Churn is capped at (√2 - 1)·N, which no chain has more of.
    private const double MaxChurn = StepGrid.MaxStepCount;

    private readonly Option<string?> _model = new("--model")
    {
        Description = $"Model folder in diffusers layout. Default: {ModelLocator.DefaultModel}"
            + (prefersFast ? $", or {ModelLocator.FastModel} where --solver, --steps and the like are left out." : "."),
        HelpName = "DIR",
    };

    private readonly Option<string> _backend = new("--backend")
    {
        Description = "Where the network runs: torch (libtorch), onnx (ONNX Runtime, on the CPU) or compute (Vulkan "
            + $"compute shaders on the GPU, experimental); '{List}' prints those of this program.",
        DefaultValueFactory = _ => DefaultBackend.Name,
        HelpName = "NAME",
    };

    private readonly Option<string> _precision = new("--precision")
    {
        Description = "With --backend compute, how weights and activations are kept: float32 (full) or float16 (half).",
        DefaultValueFactory = _ => LoadedModel.FullPrecision,
        HelpName = $"{LoadedModel.FullPrecision}|{LoadedModel.HalfPrecision}",
    };

    private readonly Option<string?> _class = new("--class")
    {
        Description = $"Class of the texture; '{List}' prints them. Default: the first.",
        HelpName = "NAME",
    };

    private readonly Option<ulong> _seed = new("--seed")
    {
        Description = "Seed of the noise; same seed and options give the same bytes.",
        DefaultValueFactory = _ => 0,
        HelpName = "N",
    };

    private readonly Option<int?> _steps = new Option<int?>("--steps")
    {
        Description = $"Solver steps, 1 to {StepGrid.MaxStepCount}. "
            + $"Default: {defaultSteps}, or the most that a distilled model was taught.",
        HelpName = "N",
    }.Within(1, StepGrid.MaxStepCount);

    private readonly Option<string?> _solver = new("--solver")
    {
        Description = $"Solver; '{List}' prints them. {LoadedModel.OwnSolver}: what the model's scheduler_config.json "
            + "says. Default: dpmpp-2m, or ddim for a distilled model.",
        HelpName = "NAME",
    };

    private readonly Option<double?> _eta = new Option<double?>("--eta")
    {
        Description = "With --solver ddim or ddim-optimal, how much noise each step renews: 0 is none, 1 is DDPM. "
            + "Default: 0.",
        HelpName = "H",
    }.Within(0, 1);

    private readonly Option<double?> _churn = new Option<double?>("--churn")
    {
        Description = "With --solver edm, how much noise it adds over all steps; 0 is none, which is heun. "
            + $"Default: {EdmChurn.ImageNet64.Amount}.",
        HelpName = "S",
    }.Within(0, MaxChurn);

    private readonly Option<string?> _schedule = new("--schedule")
    {
        Description = $"Noise schedule; '{List}' prints them. Default: what the model was trained on.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _spacing = new("--spacing")
    {
        Description = $"Where the steps lie on the schedule; '{List}' prints the ways. "
            + "Default: what suits schedule and solver, mostly trailing.",
        HelpName = "NAME",
    };

    private readonly Option<float?> _guidance = new Option<float?>("--guidance")
    {
        Description = "Classifier-free guidance scale; 1 is none and costs half. "
            + $"Default: {LoadedModel.DefaultGuidanceScale} where the model has it.",
        HelpName = "W",
    }.Within(0, MaxGuidance);

    private readonly Option<string?> _guidanceInterval = new("--guidance-interval")
    {
        Description = "Levels of noise (sigma over alpha) at which guidance applies: A..B, or all. "
            + $"Default: {GuidanceIntervals.Format(GuidanceIntervals.Default)}.",
        HelpName = "A..B",
    };

    /// <summary>Adds all options to <paramref name="command"/>.</summary>
    public void AddTo(Command command)
    {
        OptionRules.RequireText(_model);
        command.Options.Add(_model);
        command.Options.Add(_backend);
        command.Options.Add(_precision);
        command.Options.Add(_class);
        command.Options.Add(_seed);
        command.Options.Add(_steps);
        command.Options.Add(_solver);
        command.Options.Add(_eta);
        command.Options.Add(_churn);
        command.Options.Add(_schedule);
        command.Options.Add(_spacing);
        command.Options.Add(_guidance);
        command.Options.Add(_guidanceInterval);
    }

    /// <summary>Prints the names, one a line, where <c>list</c> stands for a class, solver, schedule, spacing or
    /// backend.</summary>
    /// <returns>Whether it does.</returns>
    /// <exception cref="UserErrorException">The model has no classes.</exception>
    public static bool TryPrintList(GenerationSettings chosen, TextWriter output)
    {
        IReadOnlyList<string>? lines = chosen.Solver == List ? Glossary.Solvers
            : chosen.Schedule == List ? Glossary.Schedules
            : chosen.Spacing == List ? Glossary.Spacings
            : chosen.Backend == List ? Glossary.Backends
            : chosen.ClassName == List ? ClassesOf(chosen)
            : null;
        foreach (string line in lines ?? [])
        {
            output.WriteLine(line);
        }

        return lines is not null;
    }

    /// <summary>What the user chose.</summary>
    public GenerationSettings Read(ParseResult result) => new()
    {
        Model = result.GetValue(_model) ?? (prefersFast && !SaysHow(result) ? ModelLocator.FindFast() : null),
        Backend = Canonical(result.GetValue(_backend), LoadedModel.Backends)!,
        Precision = Canonical(
            result.GetValue(_precision), [LoadedModel.FullPrecision, LoadedModel.HalfPrecision])!,
        ClassName = Canonical(result.GetValue(_class), []),
        Seed = result.GetValue(_seed),
        Steps = result.GetValue(_steps),
        DefaultSteps = defaultSteps,
        Solver = Canonical(
            result.GetValue(_solver), [.. SolverCatalog.Names, LoadedModel.AdaptiveSolver, LoadedModel.OwnSolver]),
        Eta = result.GetValue(_eta),
        Churn = result.GetValue(_churn),
        Schedule = Canonical(result.GetValue(_schedule), NoiseSchedules.Names),
        Spacing = Canonical(result.GetValue(_spacing), StepSpacings.Names),
        GuidanceScale = result.GetValue(_guidance),
        GuidanceInterval = GuidanceIntervals.Parse(result.GetValue(_guidanceInterval), _guidanceInterval.Name),
    };

    // A name in the case in which it is known; one that is unknown as it was typed, for the error that tells so.
    private static string? Canonical(string? name, IEnumerable<string> known) =>
        known.Prepend(List).FirstOrDefault(other => other.Equals(name, StringComparison.OrdinalIgnoreCase)) ?? name;

    // Distilled networks leave all of it no choice.
    private bool SaysHow(ParseResult result) =>
        result.GetValue(_steps) is not null || result.GetValue(_solver) is not null
        || result.GetValue(_eta) is not null || result.GetValue(_churn) is not null
        || result.GetValue(_schedule) is not null || result.GetValue(_spacing) is not null
        || result.GetValue(_guidance) is not null || result.GetValue(_guidanceInterval) is not null;

    private static IReadOnlyList<string> ClassesOf(GenerationSettings chosen)
    {
        var folder = LoadedModel.OpenFolder(chosen);
        return folder.ClassNames.Count > 0
            ? folder.ClassNames
            : throw new UserErrorException($"the model '{folder.Path}' has no classes.");
    }
}
