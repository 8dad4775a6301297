using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>
/// Euler's method in t on the probability-flow ODE dx/dt = f·x - ½·g²·∇log q, whose marginals are those of the SDE.
/// [Song21SDE, Sec. 4.3]
/// </summary>
/// <remarks>
/// First order like <see cref="EulerSolver"/>, which does the linear part exactly and is better for it; this is the
/// textbook form. Immutable; any thread.
/// </remarks>
public sealed class ProbabilityFlowSolver : Solver
{
    /// <inheritdoc/>
    public override string Name => "pf-ode";

    /// <inheritdoc/>
    public override int HistoryLength => 0;

    /// <inheritdoc/>
    public override LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation) =>
        TimeSteps.Plan(levels[evaluation], levels[evaluation + 1], scoreShare: 0.5, isStochastic: false);
}
