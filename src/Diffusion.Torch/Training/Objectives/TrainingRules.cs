using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Training.Times;

namespace Diffusion.Torch.Training.Objectives;

/// <summary>Which objectives, schedules, predictions, weightings and samplers go together.</summary>
/// <remarks>Pure; any thread.</remarks>
public static class TrainingRules
{
    /// <summary>The first rule that a combination breaks, with the values, as a sentence; null when none is.</summary>
    /// <param name="options">How to train.</param>
    /// <param name="schedule">The forward process.</param>
    public static string? FindProblem(TrainingOptions options, NoiseSchedule schedule)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(schedule);
        return FindScheduleProblem(options, schedule) ?? FindVarianceProblem(options)
            ?? FindWeightingProblem(options) ?? FindSamplingProblem(options)
            ?? FindDistillationProblem(options, schedule);
    }

    private static string? FindScheduleProblem(TrainingOptions options, NoiseSchedule schedule)
    {
        var prediction = options.Prediction.Name();
        return options.Objective switch
        {
            TrainingObjective.Vlb or TrainingObjective.Hybrid when schedule.TableLength is null =>
                $"The objective '{Name(options.Objective)}' needs a schedule with a table of steps, such as "
                + $"linear or cosine, not '{schedule.Name}'.",
            TrainingObjective.Edm when schedule is not EdmSchedule || options.Prediction != PredictionType.Edm =>
                $"The objective 'edm' needs the schedule 'edm' and the parameterization 'edm', not '{schedule.Name}' "
                + $"and '{prediction}'.",
            TrainingObjective.Vdm when schedule is not LogSnrSchedule =>
                $"The objective 'vdm' needs the schedule 'vdm', whose ends it learns, not '{schedule.Name}'.",
            TrainingObjective.Vdm when options.Prediction == PredictionType.Edm =>
                "The objective 'vdm' needs the parameterization epsilon, sample, v_prediction or score, not 'edm'.",
            _ => null,
        };
    }

    private static string? FindVarianceProblem(TrainingOptions options)
    {
        var learns = options.Variance == ReverseVariance.Learned;
        return options.Objective switch
        {
            TrainingObjective.Hybrid when !learns =>
                "The objective 'hybrid' needs the variance 'learned', not 'fixed': without it, it is 'simple'.",
            not (TrainingObjective.Vlb or TrainingObjective.Hybrid) when learns =>
                $"The variance 'learned' needs the objective vlb or hybrid: '{Name(options.Objective)}' teaches it "
                + "nothing.",
            _ => null,
        };
    }

    private static string? FindDistillationProblem(TrainingOptions options, NoiseSchedule schedule)
    {
        var isAsked = options.Objective == TrainingObjective.Distillation;
        if (options.Distillation is not { } distillation)
        {
            return isAsked ? "The objective 'distillation' needs its settings, Distillation." : null;
        }

        return !isAsked
                ? $"The settings Distillation need the objective 'distillation', not '{Name(options.Objective)}'."
            : options.LabelDropout != 0
                ? $"The objective 'distillation' needs LabelDropout 0, not {options.LabelDropout}: guidance is in it."
            : schedule.TableLength < distillation.TeacherSteps
                ? $"The teacher's steps must be at most the schedule's {schedule.TableLength}, "
                    + $"not {distillation.TeacherSteps}."
            : distillation.FindProblem();
    }

    private static string? FindWeightingProblem(TrainingOptions options)
    {
        var allowed = options.Objective switch
        {
            TrainingObjective.Simple or TrainingObjective.Hybrid => Enum.GetValues<LossWeighting>(),
            TrainingObjective.Score => [LossWeighting.Uniform, LossWeighting.Bound],
            _ => [LossWeighting.Uniform],
        };
        return allowed.Contains(options.Weighting)
            ? null
            : $"The objective '{Name(options.Objective)}' has the weighting {string.Join(" or ", allowed.Select(Name))}"
                + $", not '{Name(options.Weighting)}'.";
    }

    private static string? FindSamplingProblem(TrainingOptions options) => options.TimeSampling switch
    {
        TimeSampling.Likelihood
            when options.Objective != TrainingObjective.Score || options.Weighting != LossWeighting.Bound =>
            "The time sampler 'likelihood' needs the objective 'score' and the weighting 'bound', not "
            + $"'{Name(options.Objective)}' and '{Name(options.Weighting)}'.",
        TimeSampling.Importance when options.Objective == TrainingObjective.Vdm =>
            "The time sampler 'importance' does not go with the objective 'vdm', whose schedule evens out its loss.",
        TimeSampling.Importance when options.Objective == TrainingObjective.Distillation =>
            "The time sampler 'importance' does not go with the objective 'distillation', whose times are steps.",
        _ => null,
    };

    // As on the command line: MinSnr is min-snr.
    private static string Name<T>(T value)
        where T : struct, Enum => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
