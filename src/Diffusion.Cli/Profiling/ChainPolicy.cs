using System.Diagnostics;
using Diffusion.Runtime.Budget;

namespace Diffusion.Cli.Profiling;

/// <summary>A fixed amount of work in every frame, whatever it takes: so many slices, or so many whole steps.</summary>
internal sealed class ChainPolicy : IFramePolicy
{
    private readonly ChainPool _pool;
    private readonly int _count;
    private readonly bool _countsSteps;

    private ChainPolicy(string name, ChainPool pool, int count, bool countsSteps)
    {
        Name = name;
        _pool = pool;
        _count = count;
        _countsSteps = countsSteps;
    }

    public string Name { get; }

    public string Work => $"{_count} {(_countsSteps ? "step" : "slice")}{(_count == 1 ? "" : "s")}";

    /// <summary>So many whole network evaluations a frame as fit in the mean, at least one.</summary>
    public static ChainPolicy WholeSteps(ChainPool pool, SliceSurvey survey, TimeSpan budget) =>
        new(PolicyNames.WholeStep, pool, Math.Max(1, (int)(budget / survey.MeanStep)), countsSteps: true);

    /// <summary>So many slices a frame as fill the budget in the mean, at least one.</summary>
    public static ChainPolicy Slices(ChainPool pool, SliceSurvey survey, TimeSpan budget) =>
        new(
            PolicyNames.FixedSlices,
            pool,
            Math.Max(1, (int)Math.Round(budget / survey.MeanSlice)),
            countsSteps: false);

    public TickReport Tick(TimeSpan budget)
    {
        long start = Stopwatch.GetTimestamp();
        (int steps, int textures, int slices) = (_pool.StepsCompleted, _pool.TexturesCompleted, 0);
        bool hasWork = true;
        for (int done = 0; hasWork && done < _count;)
        {
            int before = _pool.StepsCompleted;
            hasWork = _pool.Advance();
            slices += hasWork ? 1 : 0;
            done += !_countsSteps || _pool.StepsCompleted > before ? 1 : 0;
        }

        return new TickReport
        {
            Budget = budget,
            Taken = Stopwatch.GetElapsedTime(start),
            SlicesRun = slices,
            StepsCompleted = _pool.StepsCompleted - steps,
            TexturesCompleted = _pool.TexturesCompleted - textures,
            Stop = hasWork ? TickStop.BudgetSpent : TickStop.Idle,
        };
    }

    public void RestartFinished() => _pool.RestartFinished();

    public void Dispose() => _pool.Dispose();
}
