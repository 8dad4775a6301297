using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>
/// Multistep consistency sampling: estimate the clean image, and add noise up to the next level. [Song23, Alg. 1]
/// </summary>
/// <remarks>
/// Meant for networks distilled to jump to the clean image from anywhere; with others it is ancestral sampling that
/// keeps nothing of x. Immutable; any thread.
/// </remarks>
public sealed class ConsistencySolver : Solver
{
    /// <inheritdoc/>
    public override string Name => "consistency";

    /// <inheritdoc/>
    public override int HistoryLength => 0;

    /// <inheritdoc/>
    public override bool IsStochastic => true;

    /// <inheritdoc/>
    public override LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation)
    {
        // [Song23, Alg. 1] x_τ = D + √(τ² - ε²)·z; here the data side has no noise of its own, ε = 0
        NoiseLevel s = levels[evaluation + 1];
        LinearStep step = default;
        step.Denoised[0] = s.Alpha;
        step.Noise = s.Sigma;
        step.Target = s;
        return step;
    }
}
