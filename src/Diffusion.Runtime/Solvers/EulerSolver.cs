using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>
/// Euler's method on the probability-flow ODE in σ, the noise-to-signal ratio. [Karras22, Alg. 1]
/// </summary>
/// <remarks>The same map as DDIM at η = 0. Immutable; any thread.</remarks>
public sealed class EulerSolver : Solver
{
    /// <inheritdoc/>
    public override string Name => "euler";

    /// <inheritdoc/>
    public override int HistoryLength => 0;

    /// <inheritdoc/>
    public override LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation) =>
        Plan(levels[evaluation], levels[evaluation + 1]);

    /// <summary>The step from one level to another.</summary>
    internal static LinearStep Plan(NoiseLevel t, NoiseLevel s)
    {
        // [Karras22, Alg. 1] d = (x - D)/σ_t; x' = x + (σ_s - σ_t)·d, for x/α
        double kept = s.Ratio / t.Ratio;
        LinearStep step = default;
        step.Sample = s.Alpha * kept / t.Alpha;
        step.Denoised[0] = s.Alpha * (1 - kept);
        step.Target = s;
        return step;
    }
}
