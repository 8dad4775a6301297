using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Models;

/// <summary>Which block of its class table tells a distilled network how long a step is.</summary>
/// <remarks>
/// Its table holds a block of rows, one a class, for each number of steps that it was taught. Which number a step
/// belongs to is read off the step itself, so that a chain whose steps are thinned on the way, or that starts from an
/// image, asks the right one. Pure; any thread. [Frans24, Sec. 3]
/// </remarks>
internal static class DistilledSteps
{
    // Tables round their times to whole ones, so that a quarter of 1000 may be 250 or 251.
    private const double Slack = 1.02;

    /// <summary>The label that the network is given.</summary>
    /// <param name="model">The network; any that is not distilled is given the class.</param>
    /// <param name="label">The class, at least 0.</param>
    /// <param name="from">Where the step begins, on any schedule.</param>
    /// <param name="to">Where it ends.</param>
    public static int LabelOf(ModelDescription model, int label, NoiseLevel from, NoiseLevel to)
    {
        IReadOnlyList<int> counts = model.DistilledSteps;
        if (counts.Count == 0)
        {
            return label;
        }

        double length = ShareBelow(model.Schedule, from) - ShareBelow(model.Schedule, to);
        double stepsOfThisLength = 1 / Math.Max(length, 1e-9);
        int row = 0;
        for (int i = 1; i < counts.Count && counts[i] <= stepsOfThisLength * Slack; i++)
        {
            row = i;
        }

        return (row * model.ClassNames.Count) + label;
    }

    // The share of the schedule's time that lies below a level. An entry of a table stands for all the time that its
    // step takes, as trailing spacing counts it, so that the noisiest has share 1.
    private static double ShareBelow(NoiseSchedule schedule, NoiseLevel level)
    {
        if (level.IsClean)
        {
            return 0;
        }

        double entry = schedule.TableLength is null ? 0 : 1;
        return (schedule.TimeAtLambda(level.Lambda) - schedule.MinTime + entry)
            / (schedule.MaxTime - schedule.MinTime + entry);
    }
}
