namespace Diffusion.Runtime.Schedules;

/// <summary>One point of the forward process x_t = α·x_0 + σ·ε.</summary>
/// <remarks>Pure data; any thread. [Kingma21, Sec. 3.1]</remarks>
/// <param name="Time">Continuous time of the schedule that made the level (for β tables 0 .. T-1); 0 at the clean
/// end.</param>
/// <param name="Alpha">Signal scale α, in [0, 1].</param>
/// <param name="Sigma">Noise deviation σ, at least 0.</param>
public readonly record struct NoiseLevel(double Time, double Alpha, double Sigma)
{
    /// <summary>The data side, α = 1 and σ = 0: where every chain ends.</summary>
    public static NoiseLevel Clean => new(0, 1, 0);

    /// <summary>f(t) of the forward SDE dx = f·x·dt + g·dw, per time: d ln α / dt. [Song21SDE, Sec. 3.1]</summary>
    public double Drift { get; init; }

    /// <summary>g(t)² of the forward SDE, per unit of time. [Song21SDE, Sec. 3.1]</summary>
    public double DiffusionSquared { get; init; }

    /// <summary>
    /// σ/α, the deviation of the noise on a clean image of its own scale: the σ of EDM. [Karras22, Sec. 2]
    /// </summary>
    public double Ratio => Sigma / Alpha;

    /// <summary>Half the log signal-to-noise ratio, λ = ln(α/σ); +∞ at <see cref="Clean"/>. [Lu22, Sec. 3.1]</summary>
    public double Lambda => Math.Log(Alpha / Sigma);

    /// <summary>The logarithm of the signal-to-noise ratio α²/σ², 2λ. [Kingma21, Eq. 2]</summary>
    public double LogSnr => 2 * Lambda;

    /// <summary>Whether no noise is left (σ = 0).</summary>
    public bool IsClean => Sigma == 0;
}
