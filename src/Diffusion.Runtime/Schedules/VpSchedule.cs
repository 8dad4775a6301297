namespace Diffusion.Runtime.Schedules;

/// <summary>
/// The variance-preserving SDE dx = -½·β(t)·x·dt + √β(t)·dw with β linear in t, the limit of DDPM's table.
/// [Song21SDE, Sec. 3.4]
/// </summary>
/// <remarks>Time t in [1e-3, 1]; networks see 999·t, as those of the paper do. Immutable; any thread.</remarks>
/// <param name="betaMin">β(0), at least 0. Default 0.1.</param>
/// <param name="betaMax">β(1), above <paramref name="betaMin"/>. Default 20.</param>
public class VpSchedule(double betaMin = 0.1, double betaMax = 20) : NoiseSchedule
{
    private const double TimescaleOfNetworks = 999;

    private readonly double _betaMin = betaMin is >= 0 && betaMax > betaMin && double.IsFinite(betaMax)
        ? betaMin
        : throw new ArgumentOutOfRangeException(
            nameof(betaMin), $"0 <= betaMin < betaMax must hold, not {betaMin} and {betaMax}.");

    private readonly double _slope = betaMax - betaMin;

    /// <inheritdoc/>
    public override string Name => "vp";

    /// <inheritdoc/>
    public override double MinTime => 1e-3;

    /// <inheritdoc/>
    public override double MaxTime => 1;

    /// <summary>β(t). [Song21SDE, App. C]</summary>
    public double Beta(double time) => _betaMin + (time * _slope);

    /// <inheritdoc/>
    public override double LogAlphaDerivative(double time) => -0.5 * Beta(time);

    /// <inheritdoc/>
    public override double LambdaDerivative(double time) =>
        LogAlphaDerivative(time) / -double.ExpM1(2 * LogAlpha(time));

    /// <inheritdoc/>
    public override double TimeAtLambda(double lambda) => TimeAtLogAlpha(-0.5 * double.LogP1(Math.Exp(-2 * lambda)));

    /// <inheritdoc/>
    public override double NetworkTime(double time) => TimescaleOfNetworks * time;

    /// <inheritdoc/>
    protected override (double Alpha, double Sigma) Scales(double time) =>
        (Math.Exp(LogAlpha(time)), Math.Sqrt(-double.ExpM1(2 * LogAlpha(time))));

    /// <summary>ln α(t) = -¼·t²·(βmax - βmin) - ½·t·βmin. [Song21SDE, App. C]</summary>
    protected double LogAlpha(double time) => -time * ((0.25 * time * _slope) + (0.5 * _betaMin));

    /// <summary>The time at which ln α has the given value, clamped to the schedule's range.</summary>
    protected double TimeAtLogAlpha(double logAlpha)
    {
        // The positive root of ¼·slope·t² + ½·βmin·t + ln α = 0, in the form that does not cancel for small t.
        double root = Math.Sqrt((_betaMin * _betaMin) - (4 * _slope * logAlpha));
        return Math.Clamp(-4 * logAlpha / (_betaMin + root), MinTime, MaxTime);
    }
}
