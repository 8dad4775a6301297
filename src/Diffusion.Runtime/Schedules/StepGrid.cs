namespace Diffusion.Runtime.Schedules;

/// <summary>Places the noise levels of a chain.</summary>
public static class StepGrid
{
    /// <summary>The most steps that a chain may have.</summary>
    public const int MaxStepCount = 1000;

    /// <summary>The levels of a chain of <paramref name="stepCount"/> steps.</summary>
    /// <param name="schedule">The schedule on which the levels lie.</param>
    /// <param name="spacing">How they are placed.</param>
    /// <param name="stepCount">N, 1 .. <see cref="MaxStepCount"/>, and no more than the schedule has levels.</param>
    /// <returns>N+1 levels, noisiest first; the last is <see cref="NoiseLevel.Clean"/>.</returns>
    /// <remarks>
    /// One step always starts from the schedule's noisiest level, where diffusers' leading and linspace would start
    /// from t = 0, at which an image of pure noise is not what the network expects.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="stepCount"/> breaks its rule.</exception>
    public static NoiseLevel[] Create(NoiseSchedule schedule, StepSpacing spacing, int stepCount)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        double trainingCount = schedule.MaxTime - schedule.MinTime + 1;
        int limit = (int)Math.Min(MaxStepCount, trainingCount);
        if (stepCount < 1 || stepCount > limit)
        {
            throw new ArgumentOutOfRangeException(
                nameof(stepCount), $"Steps must be 1 to {limit} on the schedule '{schedule.Name}', not {stepCount}.");
        }

        NoiseLevel[] levels = new NoiseLevel[stepCount + 1];
        for (int i = 0; i < stepCount; i++)
        {
            double time = stepCount == 1 ? schedule.MaxTime : TimeOf(i, schedule, spacing, stepCount, trainingCount);
            levels[i] = schedule.At(time);
        }

        levels[stepCount] = NoiseLevel.Clean;
        return levels;
    }

    private static double TimeOf(
        int index, NoiseSchedule schedule, StepSpacing spacing, int stepCount, double trainingCount)
    {
        int stepsLeft = stepCount - 1 - index;
        double fromCleanest = (double)stepsLeft / (stepCount - 1);
        return spacing switch
        {
            StepSpacing.Leading => schedule.MinTime + (stepsLeft * Math.Floor(trainingCount / stepCount)),
            StepSpacing.Linspace => schedule.MinTime + Math.Round(fromCleanest * (trainingCount - 1)),
            StepSpacing.Trailing =>
                schedule.MinTime + Math.Round(trainingCount - (index * trainingCount / stepCount)) - 1,
            StepSpacing.LogSnr => TimeByLambda(schedule, fromCleanest),
            _ => throw new ArgumentOutOfRangeException(nameof(spacing), spacing, "Unknown step spacing."),
        };
    }

    // [Lu22, Sec. 3.4] λ_i = λ_T + i/(N-1)·(λ_0 - λ_T)
    private static double TimeByLambda(NoiseSchedule schedule, double fromCleanest)
    {
        double cleanest = schedule.At(schedule.MinTime).Lambda;
        double noisiest = schedule.At(schedule.MaxTime).Lambda;
        return schedule.TimeAtLambda(cleanest + (fromCleanest * (noisiest - cleanest)));
    }
}
