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
    /// How many earlier evaluations a step may read, 0 .. <see cref="LinearStep.MaxDenoised"/> - 1.
    /// </summary>
    public abstract int HistoryLength { get; }

    /// <summary>Whether steps add fresh noise.</summary>
    public virtual bool IsStochastic => false;

    /// <summary>
    /// Whether the chain turns an image into the noise that leads back to it, and so starts from the image alone.
    /// </summary>
    public virtual bool IsInversion => false;

    /// <summary>Whether steps read the variance that a network predicts. [Nichol21, Eq. 15]</summary>
    public virtual bool ReadsVariance => false;

    /// <summary>Where the steps lie when nobody says so, or null for trailing.</summary>
    public virtual StepSpacing? OwnSpacing => null;

    /// <summary>Where the network is evaluated: once a step at the grid's levels, unless a solver needs more.</summary>
    /// <param name="levels">The grid, noisiest first: N+1 levels for N steps, the last one
    /// <see cref="NoiseLevel.Clean"/>.</param>
    /// <param name="schedule">The schedule that the grid lies on, for levels between.</param>
    /// <returns>The level of each evaluation in order, and at the end the level of the result.</returns>
    public virtual NoiseLevel[] PlaceEvaluations(ReadOnlySpan<NoiseLevel> levels, NoiseSchedule schedule) =>
        levels.ToArray();

    /// <summary>Plans the update that follows evaluation <paramref name="evaluation"/>.</summary>
    /// <param name="levels">What <see cref="PlaceEvaluations"/> returned.</param>
    /// <param name="evaluation">Which evaluation has just been made, 0 .. <paramref name="levels"/>.Length - 2.</param>
    public abstract LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation);
}
