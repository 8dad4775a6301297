using System.CommandLine;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Cli.Generation;

/// <summary>The options that every command which generates textures shares; one place for their names, defaults and help.</summary>
/// <param name="defaultSteps">Solver steps where none are named.</param>
internal sealed class GenerationOptions(int defaultSteps = 20)
{
    private readonly Option<string?> _model = new("--model")
    {
        Description = $"Model folder in diffusers layout. Default: {ModelLocator.DefaultModel}.",
        HelpName = "DIR",
    };

    private readonly Option<string> _backend = new("--backend")
    {
        Description = "Where the network runs: torch.",
        DefaultValueFactory = _ => "torch",
        HelpName = "NAME",
    };

    private readonly Option<string?> _class = new("--class")
    {
        Description = "Class of the texture; 'list' prints the classes.",
        HelpName = "NAME",
    };

    private readonly Option<ulong> _seed = new("--seed")
    {
        Description = "Seed of the noise; same seed and options give the same bytes.",
        DefaultValueFactory = _ => 0,
        HelpName = "N",
    };

    private readonly Option<int> _steps = new("--steps")
    {
        Description = "Solver steps, 1 to 1000.",
        DefaultValueFactory = _ => defaultSteps,
        HelpName = "N",
    };

    private readonly Option<string> _solver = new("--solver")
    {
        Description = $"Solver: {string.Join(", ", SolverCatalog.Names)}; "
            + $"or {LoadedModel.OwnSolver}, what the model's scheduler_config.json says, with its spacing.",
        DefaultValueFactory = _ => "dpmpp-2m",
        HelpName = "NAME",
    };

    private readonly Option<string?> _schedule = new("--schedule")
    {
        Description = $"Noise schedule: {string.Join(", ", NoiseSchedules.Names)}. Default: what the model was trained on.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _spacing = new("--spacing")
    {
        Description = $"Where the steps lie on the schedule: {string.Join(", ", StepSpacings.Names)}. "
            + "Default: what suits schedule and solver, mostly trailing.",
        HelpName = "NAME",
    };

    private readonly Option<float?> _guidance = new("--guidance")
    {
        Description = $"Classifier-free guidance scale; 1 is none and costs half. Default: {LoadedModel.DefaultGuidanceScale} where the model has it.",
        HelpName = "W",
    };

    /// <summary>Adds all options to <paramref name="command"/>.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_model);
        command.Options.Add(_backend);
        command.Options.Add(_class);
        command.Options.Add(_seed);
        command.Options.Add(_steps);
        command.Options.Add(_solver);
        command.Options.Add(_schedule);
        command.Options.Add(_spacing);
        command.Options.Add(_guidance);
    }

    /// <summary>What the user chose.</summary>
    public GenerationSettings Read(ParseResult result) => new()
    {
        Model = result.GetValue(_model),
        Backend = result.GetValue(_backend)!,
        ClassName = result.GetValue(_class),
        Seed = result.GetValue(_seed),
        Steps = result.GetValue(_steps),
        Solver = result.GetValue(_solver)!,
        Schedule = result.GetValue(_schedule),
        Spacing = result.GetValue(_spacing),
        GuidanceScale = result.GetValue(_guidance),
    };
}
