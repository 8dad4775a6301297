using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>
/// Euler's method down to less noise than the next level has, and fresh noise up to it; k-diffusion's
/// <c>euler_ancestral</c>. [Song21SDE, App. F]
/// </summary>
/// <remarks>The same map as ancestral sampling with β̃. Immutable; any thread.</remarks>
public sealed class EulerAncestralSolver : Solver
{
    /// <inheritdoc/>
    public override string Name => "euler-ancestral";

    /// <inheritdoc/>
    public override int HistoryLength => 0;

    /// <inheritdoc/>
    public override bool IsStochastic => true;

    /// <inheritdoc/>
    public override LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation)
    {
        (NoiseLevel t, NoiseLevel s) = (levels[evaluation], levels[evaluation + 1]);
        (double from, double to) = (t.Ratio, s.Ratio);

        // [Song21SDE, Eq. 47] σ_up² = σ_s²·(σ_t² - σ_s²)/σ_t²; what is left is σ_down² = σ_s² - σ_up²
        double up = Math.Sqrt(Math.Max(0, to * to * ((from * from) - (to * to)))) / from;
        double kept = Math.Sqrt(Math.Max(0, (to * to) - (up * up))) / from;
        LinearStep step = default;
        step.Sample = s.Alpha * kept / t.Alpha;
        step.Denoised[0] = s.Alpha * (1 - kept);
        step.Noise = s.Alpha * up;
        step.Target = s;
        return step;
    }
}
