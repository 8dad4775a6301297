using System.CommandLine;
using System.Text.Json;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Training;
using Diffusion.Torch.Training.Objectives;
using Diffusion.Torch.Training.Optimizers;
using Diffusion.Torch.Training.Times;

namespace Diffusion.Cli.Training;

/// <summary>The options of <c>train</c> that say what is minimised, and how.</summary>
internal static class ObjectiveArguments
{
    private static readonly Option<string> _objective =
        Choice("--objective", "simple", "What is minimised.", [.. Names<TrainingObjective>().Except(["distillation"])]);

    private static readonly Option<string?> _prediction = Dependent(
        "--parameterization",
        "What the network predicts. [default: edm and score for these objectives, epsilon for vdm, else v_prediction]",
        PredictionTypes.Names);

    private static readonly Option<string?> _schedule = Dependent(
        "--schedule", "Noise schedule. [default: edm and vdm for these objectives, else cosine]", NoiseSchedules.Names);

    private static readonly Option<string?> _variance = Dependent(
        "--variance",
        "Variance of the reverse steps. [default: learned for hybrid, else fixed]",
        Names<ReverseVariance>());

    private static readonly Option<string> _weighting =
        Choice("--weighting", "uniform", "How noise levels count against each other.", Names<LossWeighting>());

    private static readonly Option<string> _timeSampling =
        Choice("--time-sampler", "low-discrepancy", "How times are drawn.", Names<TimeSampling>());

    private static readonly Option<string> _optimizer =
        Choice("--optimizer", "adamw", "What turns gradients into steps.", ["adamw", "muon"]);

    static ObjectiveArguments() => _prediction.Aliases.Add("--prediction");

    /// <summary>All of them, for the command.</summary>
    public static IReadOnlyList<Option> All =>
        [_objective, _prediction, _schedule, _variance, _weighting, _timeSampling, _optimizer];

    /// <summary>Those that a teacher decides where there is one.</summary>
    public static IReadOnlyList<Option> OfTheTeacher => [_objective, _prediction, _schedule, _variance, _weighting];

    /// <summary>The schedule's name.</summary>
    public static string ScheduleOf(ParseResult parsed) => parsed.GetValue(_schedule) ?? Objective(parsed) switch
    {
        TrainingObjective.Edm => "edm",
        TrainingObjective.Vdm => "vdm",
        _ => "cosine",
    };

    /// <summary>The options with what was asked for.</summary>
    /// <exception cref="UserErrorException">Some of it does not go together.</exception>
    public static TrainingOptions Apply(ParseResult parsed, TrainingOptions options)
    {
        var objective = Objective(parsed);
        var prediction = parsed.GetValue(_prediction) ?? objective switch
        {
            TrainingObjective.Edm => "edm",
            TrainingObjective.Score => "score",
            TrainingObjective.Vdm => "epsilon",
            _ => "v_prediction",
        };
        var variance = parsed.GetValue(_variance) ?? (objective == TrainingObjective.Hybrid ? "learned" : "fixed");
        var result = options with
        {
            Objective = objective,
            Prediction = PredictionTypes.Parse(prediction),
            Variance = Value<ReverseVariance>(variance),
            Weighting = Value<LossWeighting>(parsed.GetValue(_weighting)!),
            TimeSampling = Value<TimeSampling>(parsed.GetValue(_timeSampling)!),
            Optimizer = parsed.GetValue(_optimizer) == "muon" ? OptimizerKind.Muon : OptimizerKind.AdamW,
        };
        return TrainingRules.FindProblem(result, NoiseSchedules.Parse(ScheduleOf(parsed))) is { } problem
            ? throw new UserErrorException(problem)
            : result;
    }

    private static TrainingObjective Objective(ParseResult parsed) =>
        Value<TrainingObjective>(parsed.GetValue(_objective)!);

    private static string[] Names<T>()
        where T : struct, Enum => [.. Enum.GetNames<T>().Select(JsonNamingPolicy.KebabCaseLower.ConvertName)];

    private static T Value<T>(string name)
        where T : struct, Enum => Enum.GetValues<T>()[Array.IndexOf(Names<T>(), name)];

    private static Option<string> Choice(string name, string value, string description, string[] allowed)
    {
        var option = new Option<string>(name) { Description = description, DefaultValueFactory = _ => value };
        option.AcceptOnlyFromAmong(allowed);
        return option;
    }

    private static Option<string?> Dependent(string name, string description, IReadOnlyList<string> allowed)
    {
        var option = new Option<string?>(name) { Description = description };
        option.AcceptOnlyFromAmong([.. allowed]);
        return option;
    }
}
