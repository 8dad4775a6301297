using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>
/// A diffusion solver as a generator of coefficients: scalar code that hands out one <see cref="LinearStep"/> per
/// network evaluation.
/// </summary>
/// <remarks>
/// Immutable and free of state, so that a chain can stop, resume or jump to any evaluation; any thread. Planning
/// allocates nothing.
/// </remarks>
public abstract class Solver
{
    /// <summary>The name by which a request or a command line picks the solver, for example <c>dpmpp-2m</c>.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// How many earlier clean estimates a step may read, 0 .. <see cref="LinearStep.MaxDenoised"/> - 1.
    /// </summary>
    public abstract int HistoryLength { get; }

    /// <summary>Network evaluations for <paramref name="stepCount"/> steps.</summary>
    public virtual int EvaluationCount(int stepCount) => stepCount;

    /// <summary>Plans the update that follows evaluation <paramref name="evaluation"/>.</summary>
    /// <param name="levels">The grid, noisiest first: N+1 levels for N steps, the last one
    /// <see cref="NoiseLevel.Clean"/>.</param>
    /// <param name="evaluation">Which evaluation has just been made, 0 .. <see cref="EvaluationCount"/> - 1.</param>
    public abstract LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation);
}
