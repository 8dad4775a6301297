using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>
/// Euler–Maruyama on the reverse SDE dx = (f·x - g²·∇log q)dt + g·dw, t running back. [Song21SDE, Eq. 6]
/// </summary>
/// <remarks>
/// The step onto the clean image is the clean estimate, which is what the paper's final denoising does. Immutable; any
/// thread.
/// </remarks>
public sealed class EulerMaruyamaSolver : Solver
{
    /// <inheritdoc/>
    public override string Name => "euler-maruyama";

    /// <inheritdoc/>
    public override int HistoryLength => 0;

    /// <inheritdoc/>
    public override bool IsStochastic => true;

    /// <inheritdoc/>
    public override LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation) =>
        TimeSteps.Plan(levels[evaluation], levels[evaluation + 1], scoreShare: 1, isStochastic: true);
}
