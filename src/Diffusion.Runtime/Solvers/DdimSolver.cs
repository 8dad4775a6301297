using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>
/// DDIM: keep the predicted noise, lower its amount, and replace a part η of what ancestral sampling would.
/// [Song21DDIM]
/// </summary>
/// <remarks>
/// At η = 0 the exponential Euler step of the probability-flow ODE; at η = 1 exactly DDPM. Immutable; any thread.
/// </remarks>
public sealed class DdimSolver : Solver
{
    /// <summary>Makes the solver.</summary>
    /// <param name="eta">η in [0, 1]; 0 (the default) is deterministic.</param>
    /// <param name="optimal">The data's curve for the optimal variance [Bao22, Thm. 1], or null for DDIM's own.</param>
    /// <exception cref="ArgumentOutOfRangeException">η is outside [0, 1].</exception>
    public DdimSolver(double eta = 0, CleanVariance? optimal = null)
    {
        if (!(eta is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(eta), eta, "DDIM's η must be between 0 and 1.");
        }

        (Eta, Optimal) = (eta, optimal);
    }

    /// <summary>η, the share of ancestral sampling's noise, in [0, 1].</summary>
    public double Eta { get; }

    /// <summary>The data's curve for the optimal variance, or null for DDIM's own.</summary>
    public CleanVariance? Optimal { get; }

    /// <inheritdoc/>
    public override string Name => Optimal is null ? "ddim" : "ddim-optimal";

    /// <inheritdoc/>
    public override int HistoryLength => 0;

    /// <inheritdoc/>
    public override bool IsStochastic => Eta > 0 || Optimal is not null;

    /// <inheritdoc/>
    public override LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation)
    {
        (NoiseLevel t, NoiseLevel s) = (levels[evaluation], levels[evaluation + 1]);

        // [Song21DDIM, Eq. 16] σ_η = η·(σ_s/σ_t)·σ_t|s
        double fresh = Eta * Math.Sqrt(Posterior.Between(t, s).Variance);

        // [Song21DDIM, Eq. 12] x' = α_s·D + √(σ_s² - σ_η²)·ε + σ_η·z,  ε = (x - α_t·D)/σ_t
        double kept = Math.Sqrt(Math.Max(0, (s.Sigma * s.Sigma) - (fresh * fresh))) / t.Sigma;
        LinearStep step = default;
        step.Sample = kept;
        step.Denoised[0] = s.Alpha - (kept * t.Alpha);
        step.Noise = fresh;
        step.Target = s;
        if (Optimal is { } optimal && !s.IsClean)
        {
            step.Noise = Math.Sqrt(optimal.OfStep(fresh * fresh, step.Denoised[0], t));
        }

        return step;
    }
}
