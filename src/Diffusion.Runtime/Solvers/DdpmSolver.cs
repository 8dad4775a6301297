using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>Ancestral sampling: each step draws from the posterior q(x_s | x_t, x_0 = D). [Ho20, Alg. 2]</summary>
/// <remarks>Works between any two levels s &lt; t, not only neighbours of the table. Immutable; any thread.</remarks>
/// <param name="largeVariance">
/// False for the posterior's variance β̃, true for β_t|s; both are choices of [Ho20, Sec. 3.2], the first exact for
/// data of no variance, the second for standard normal data.
/// </param>
public sealed class DdpmSolver(bool largeVariance = false) : Solver
{
    /// <inheritdoc/>
    public override string Name => "ddpm";

    /// <inheritdoc/>
    public override int HistoryLength => 0;

    /// <inheritdoc/>
    public override LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation)
    {
        NoiseLevel t = levels[evaluation];
        NoiseLevel s = levels[evaluation + 1];
        double varianceT = t.Sigma * t.Sigma;
        double varianceS = s.Sigma * s.Sigma;

        // [Kingma21, App. A.1] α_t|s = α_t/α_s, σ²_t|s = σ_t² - α²_t|s·σ_s²: the forward step from s to t.
        double alphaTs = t.Alpha / s.Alpha;
        double varianceTs = Math.Max(0, varianceT - (alphaTs * alphaTs * varianceS));

        // [Ho20, Eq. 7] μ̃ = (α_t|s·σ_s²/σ_t²)·x + (α_s·σ²_t|s/σ_t²)·D,  β̃ = σ²_t|s·σ_s²/σ_t²
        LinearStep step = default;
        step.Sample = alphaTs * varianceS / varianceT;
        step.Denoised[0] = s.IsClean ? 1 : s.Alpha * varianceTs / varianceT;
        double variance = largeVariance && !s.IsClean ? varianceTs : varianceTs * varianceS / varianceT;
        step.Noise = Math.Sqrt(variance);
        step.Target = s;
        return step;
    }
}
