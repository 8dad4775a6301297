using System.Diagnostics;
using Diffusion.Cli.Generation;
using Diffusion.Runtime;

namespace Diffusion.Cli.Profiling;

/// <summary>
/// What slices and steps take in the mean on a warm machine, by which the simple policies are given their work.
/// </summary>
/// <param name="Names">The slices in order, each span before the first of its slices.</param>
/// <param name="MeanSlice">Mean over the slices of a step.</param>
/// <param name="MeanStep">Mean of a step.</param>
internal sealed record SliceSurvey(IReadOnlyList<string> Names, TimeSpan MeanSlice, TimeSpan MeanStep)
{
    private const int WarmUpSteps = 3;
    private const int MinSteps = 8;
    private static readonly TimeSpan _minTime = TimeSpan.FromSeconds(1);

    /// <summary>Runs a few steps of one texture.</summary>
    public static SliceSurvey Take(LoadedModel model, TextureRequest request, CancellationToken cancel)
    {
        using var pool = new ChainPool(model, request, textures: 1);
        Run(pool, WarmUpSteps, cancel);
        long start = Stopwatch.GetTimestamp();
        (int steps, int slices) = (0, 0);
        while (steps < MinSteps || Stopwatch.GetElapsedTime(start) < _minTime)
        {
            slices += Run(pool, 1, cancel);
            steps++;
        }

        TimeSpan taken = Stopwatch.GetElapsedTime(start);
        IEnumerable<string> names = pool.Slices.SelectMany((slice, i) =>
            pool.Spans.Where(span => span.First == i).Select(span => span.Name).Append(slice.Name));
        return new SliceSurvey([.. names], taken / slices, taken / steps);
    }

    private static int Run(ChainPool pool, int steps, CancellationToken cancel)
    {
        int slices = 0;
        for (int end = pool.StepsCompleted + steps; pool.StepsCompleted < end;)
        {
            cancel.ThrowIfCancellationRequested();
            pool.RestartFinished();
            pool.Advance();
            slices++;
        }

        return slices;
    }
}
