namespace Diffusion.Runtime.Schedules;

/// <summary>
/// The Gaussian q(x_s | x_t, x_0) between two levels s &lt; t: mean <see cref="Sample"/>·x_t + <see cref="Clean"/>·x_0
/// and variance <see cref="Variance"/>. [Ho20, Eq. 6]
/// </summary>
/// <remarks>
/// Neighbours of a β table are the special case β_t = <see cref="ForwardVariance"/>, √α_t = <see cref="ForwardScale"/>.
/// Pure data; any thread.
/// </remarks>
/// <param name="Sample">Factor of x_t in the mean.</param>
/// <param name="Clean">Factor of x_0 in the mean.</param>
/// <param name="Variance">β̃, the variance.</param>
/// <param name="ForwardScale">α_t|s, the scale of the forward step q(x_t | x_s).</param>
/// <param name="ForwardVariance">σ²_t|s, the variance of the forward step, β_t of a table.</param>
public readonly record struct Posterior(
    double Sample, double Clean, double Variance, double ForwardScale, double ForwardVariance)
{
    /// <summary>The posterior between two levels.</summary>
    /// <param name="t">The noisier level, σ &gt; 0.</param>
    /// <param name="s">The cleaner level, α &gt; 0; may be <see cref="NoiseLevel.Clean"/>.</param>
    public static Posterior Between(NoiseLevel t, NoiseLevel s)
    {
        double varianceT = t.Sigma * t.Sigma;
        double varianceS = s.Sigma * s.Sigma;

        // [Kingma21, App. A] α_t|s = α_t/α_s, σ²_t|s = σ_t² - α²_t|s·σ_s²: the forward step from s to t.
        double alphaTs = t.Alpha / s.Alpha;
        double varianceTs = Math.Max(0, varianceT - (alphaTs * alphaTs * varianceS));

        // [Ho20, Eq. 7] μ̃ = (α_t|s·σ_s²/σ_t²)·x_t + (α_s·σ²_t|s/σ_t²)·x_0,  β̃ = σ²_t|s·σ_s²/σ_t²
        return new(
            alphaTs * varianceS / varianceT,
            s.IsClean ? 1 : s.Alpha * varianceTs / varianceT,
            varianceTs * varianceS / varianceT,
            alphaTs,
            varianceTs);
    }

    /// <summary>
    /// ln β̃, with the variance of the step before where β̃ is 0, as at the last step. [Nichol21, Sec. 3.1]
    /// </summary>
    /// <param name="levels">A grid that falls to <see cref="NoiseLevel.Clean"/>, N+1 levels for N steps.</param>
    /// <param name="step">The step, 0 .. N-1.</param>
    /// <returns>A finite number for N of 2 and more; for N = 1 that of σ²_t|s.</returns>
    public static double ClippedLogVariance(ReadOnlySpan<NoiseLevel> levels, int step)
    {
        Posterior posterior = Between(levels[step], levels[step + 1]);
        if (posterior.Variance > 0)
        {
            return Math.Log(posterior.Variance);
        }

        return step > 0 ? ClippedLogVariance(levels, step - 1) : Math.Log(posterior.ForwardVariance);
    }

    /// <summary>The mean from x_t and x_0. [Ho20, Eq. 7]</summary>
    public double Mean(double x, double clean) => (Sample * x) + (Clean * clean);

    /// <summary>The mean from x_t and ε: (x_t - (σ²_t|s/σ_t)·ε)/α_t|s. [Ho20, Eq. 11]</summary>
    /// <param name="t">The noisier level that the posterior was made with.</param>
    /// <param name="x">A value of x_t.</param>
    /// <param name="epsilon">A value of ε.</param>
    public double MeanFromNoise(NoiseLevel t, double x, double epsilon) =>
        (x - (ForwardVariance / t.Sigma * epsilon)) / ForwardScale;
}
