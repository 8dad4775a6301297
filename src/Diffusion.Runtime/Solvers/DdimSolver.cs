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
    private readonly double _eta;

    /// <summary>Makes the solver.</summary>
    /// <param name="eta">η in [0, 1]; 0 (the default) is deterministic.</param>
    /// <exception cref="ArgumentOutOfRangeException">η is outside [0, 1].</exception>
    public DdimSolver(double eta = 0)
    {
        if (!(eta is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(eta), eta, "DDIM's η must be between 0 and 1.");
        }

        _eta = eta;
    }

    /// <inheritdoc/>
    public override string Name => "ddim";

    /// <inheritdoc/>
    public override int HistoryLength => 0;

    /// <inheritdoc/>
    public override LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation)
    {
        NoiseLevel t = levels[evaluation];
        NoiseLevel s = levels[evaluation + 1];
        double alphaTs = t.Alpha / s.Alpha;
        double varianceTs = Math.Max(0, (t.Sigma * t.Sigma) - (alphaTs * alphaTs * s.Sigma * s.Sigma));

        // [Song21DDIM, Eq. 16] σ_η = η·(σ_s/σ_t)·σ_t|s
        double fresh = _eta * (s.Sigma / t.Sigma) * Math.Sqrt(varianceTs);

        // [Song21DDIM, Eq. 12] x' = α_s·D + √(σ_s² - σ_η²)·ε + σ_η·z,  ε = (x - α_t·D)/σ_t
        double kept = Math.Sqrt(Math.Max(0, (s.Sigma * s.Sigma) - (fresh * fresh))) / t.Sigma;
        LinearStep step = default;
        step.Sample = kept;
        step.Denoised[0] = s.Alpha - (kept * t.Alpha);
        step.Noise = fresh;
        step.Target = s;
        return step;
    }
}
