using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Schedules;

/// <summary>Places the noise levels of a chain.</summary>
public static class StepGrid
{
    /// <summary>The most steps that a chain may have.</summary>
    public const int MaxStepCount = 1000;

    // [Karras22, Sec. 3] ρ = 7 looks best, 3 would even out the truncation error.
    private const double KarrasRho = 7;

    // [Karras22, Table 1] σ_max = 80; of the cosine table they leave out the noisiest levels for it (j_0 = 8).
    private const double MaxDefaultRatio = 80;

    // Spacings in the noise level reach the schedule's ends up to rounding, far below this.
    private const double LambdaRounding = 1e-9;

    /// <summary>The levels of a chain of <paramref name="stepCount"/> steps.</summary>
    /// <param name="schedule">The schedule on which the levels lie.</param>
    /// <param name="spacing">How they are placed.</param>
    /// <param name="stepCount">N, 1 .. <see cref="MaxStepCount"/>, and no more than a table has entries.</param>
    /// <returns>N+1 levels, noisiest first; the last is <see cref="NoiseLevel.Clean"/>.</returns>
    /// <remarks>
    /// One step always starts from the schedule's noisiest level, where diffusers' leading and linspace would start
    /// from t = 0, at which an image of pure noise is not what the network expects.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="stepCount"/> breaks its rule.</exception>
    public static NoiseLevel[] Create(NoiseSchedule schedule, StepSpacing spacing, int stepCount) =>
        Create(schedule, spacing, stepCount, double.PositiveInfinity);

    /// <summary>The levels of a chain for which nobody named a spacing.</summary>
    /// <param name="schedule">The schedule on which the levels lie; its own spacing goes first.</param>
    /// <param name="solver">What will step on them; its own spacing goes second, and trailing last.</param>
    /// <param name="stepCount">N, as for a named spacing.</param>
    /// <returns>N+1 levels, noisiest first; the last is <see cref="NoiseLevel.Clean"/>.</returns>
    /// <remarks>
    /// Spacings in the noise level then begin at σ/α = 80 at most: a cosine table ends near 20,000, and half of the
    /// steps would go where there is nothing to see.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="stepCount"/> breaks its rule.</exception>
    public static NoiseLevel[] CreateDefault(NoiseSchedule schedule, Solver solver, int stepCount)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        ArgumentNullException.ThrowIfNull(solver);
        StepSpacing spacing = schedule.OwnSpacing ?? solver.OwnSpacing ?? StepSpacing.Trailing;
        return Create(schedule, spacing, stepCount, MaxDefaultRatio);
    }

    /// <summary>The levels of a chain at the given times.</summary>
    /// <param name="schedule">The schedule on which the levels lie.</param>
    /// <param name="times">At least one time within the schedule's range, falling.</param>
    /// <returns>A level for each time, and <see cref="NoiseLevel.Clean"/>.</returns>
    /// <exception cref="ArgumentException">The times are none, too many, outside the range, or do not fall.</exception>
    public static NoiseLevel[] Create(NoiseSchedule schedule, ReadOnlySpan<double> times)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        if (times.Length is < 1 or > MaxStepCount)
        {
            throw new ArgumentException($"Times must be 1 to {MaxStepCount}, not {times.Length}.", nameof(times));
        }

        NoiseLevel[] levels = new NoiseLevel[times.Length + 1];
        for (int i = 0; i < times.Length; i++)
        {
            double above = i == 0 ? double.PositiveInfinity : times[i - 1];
            if (!(times[i] >= schedule.MinTime && times[i] <= schedule.MaxTime && times[i] < above))
            {
                throw new ArgumentException(
                    $"Time {i} is {times[i]}; times must fall and lie from {schedule.MinTime} to {schedule.MaxTime} "
                    + $"on the schedule '{schedule.Name}'.",
                    nameof(times));
            }

            levels[i] = schedule.At(times[i]);
        }

        levels[^1] = NoiseLevel.Clean;
        return levels;
    }

    /// <summary>
    /// Lets a grid end at a time of its schedule, with the noise that is left there, in place of the clean image.
    /// </summary>
    /// <param name="levels">A grid of this class; its last level is replaced.</param>
    /// <param name="schedule">The schedule that it lies on.</param>
    /// <param name="time">
    /// From the schedule's <see cref="NoiseSchedule.MinTime"/> to the time of the last step, which then changes
    /// nothing.
    /// </param>
    /// <exception cref="ArgumentException">The time is outside its range.</exception>
    public static void EndAt(Span<NoiseLevel> levels, NoiseSchedule schedule, double time)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        NoiseLevel last = levels[^2];
        double gain = schedule.At(time).Lambda - last.Lambda;
        if (!(time >= schedule.MinTime && time <= schedule.MaxTime && gain >= -LambdaRounding))
        {
            throw new ArgumentException(
                $"EndTime must be from {schedule.MinTime} to the last step's {last.Time} on the schedule "
                + $"'{schedule.Name}', not {time}.",
                nameof(time));
        }

        // Exactly the same level where nothing is left to do: multistep solvers divide by the step in λ.
        levels[^1] = gain > LambdaRounding ? schedule.At(time) : last;
    }

    private static NoiseLevel[] Create(NoiseSchedule schedule, StepSpacing spacing, int stepCount, double maxRatio)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        int limit = Math.Min(MaxStepCount, schedule.TableLength ?? MaxStepCount);
        if (stepCount < 1 || stepCount > limit)
        {
            throw new ArgumentOutOfRangeException(
                nameof(stepCount), $"Steps must be 1 to {limit} on the schedule '{schedule.Name}', not {stepCount}.");
        }

        NoiseLevel[] levels = new NoiseLevel[stepCount + 1];
        for (int i = 0; i < stepCount; i++)
        {
            levels[i] = stepCount == 1
                ? schedule.At(schedule.MaxTime)
                : LevelOf(i, schedule, spacing, stepCount, maxRatio);
        }

        levels[stepCount] = NoiseLevel.Clean;
        return levels;
    }

    private static NoiseLevel LevelOf(
        int index, NoiseSchedule schedule, StepSpacing spacing, int stepCount, double maxRatio)
    {
        int stepsLeft = stepCount - 1 - index;
        double fromCleanest = (double)stepsLeft / (stepCount - 1);
        return spacing switch
        {
            StepSpacing.LogSnr => LevelByLambda(schedule, fromCleanest, maxRatio),
            StepSpacing.Karras => LevelByRatio(schedule, fromCleanest, maxRatio),
            _ when schedule.TableLength is { } length =>
                schedule.At(schedule.MinTime + TableIndex(index, stepsLeft, spacing, stepCount, length)),
            _ => schedule.At(TimeOf(index, stepsLeft, spacing, stepCount, schedule)),
        };
    }

    private static double TableIndex(int index, int stepsLeft, StepSpacing spacing, int stepCount, int length) =>
        spacing switch
        {
            StepSpacing.Leading => stepsLeft * (length / stepCount),
            StepSpacing.Linspace => Math.Round((double)stepsLeft / (stepCount - 1) * (length - 1)),
            StepSpacing.Trailing => Math.Round(length - (index * (double)length / stepCount)) - 1,
            _ => throw Unknown(spacing),
        };

    // The same without a table to round to.
    private static double TimeOf(
        int index, int stepsLeft, StepSpacing spacing, int stepCount, NoiseSchedule schedule)
    {
        double range = schedule.MaxTime - schedule.MinTime;
        return spacing switch
        {
            StepSpacing.Leading => schedule.MinTime + (stepsLeft * range / stepCount),
            StepSpacing.Linspace => schedule.MinTime + (stepsLeft * range / (stepCount - 1)),
            StepSpacing.Trailing => schedule.MaxTime - (index * range / stepCount),
            _ => throw Unknown(spacing),
        };
    }

    // [Lu22, Sec. 3.3] λ_i = λ_T + i/(N-1)·(λ_0 - λ_T)
    private static NoiseLevel LevelByLambda(NoiseSchedule schedule, double fromCleanest, double maxRatio)
    {
        double cleanest = schedule.At(schedule.MinTime).Lambda;
        double noisiest = Math.Max(schedule.At(schedule.MaxTime).Lambda, -Math.Log(maxRatio));
        return schedule.AtLambda(cleanest + (fromCleanest * (noisiest - cleanest)));
    }

    // [Karras22, Eq. 5] σ_i = (σ_max^(1/ρ) + i/(N-1)·(σ_min^(1/ρ) - σ_max^(1/ρ)))^ρ
    private static NoiseLevel LevelByRatio(NoiseSchedule schedule, double fromCleanest, double maxRatio)
    {
        double smallest = Math.Pow(schedule.At(schedule.MinTime).Ratio, 1 / KarrasRho);
        double largest = Math.Pow(Math.Min(schedule.At(schedule.MaxTime).Ratio, maxRatio), 1 / KarrasRho);
        double ratio = Math.Pow(smallest + (fromCleanest * (largest - smallest)), KarrasRho);
        return schedule.AtLambda(-Math.Log(ratio));
    }

    private static ArgumentOutOfRangeException Unknown(StepSpacing spacing) =>
        new(nameof(spacing), spacing, "Unknown step spacing.");
}
