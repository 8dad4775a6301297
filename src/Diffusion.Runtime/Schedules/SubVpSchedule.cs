namespace Diffusion.Runtime.Schedules;

/// <summary>
/// The sub-variance-preserving SDE: α as <see cref="VpSchedule"/>, and σ = 1 - α², always below that one's.
/// [Song21SDE, Sec. 3.4]
/// </summary>
/// <remarks>Immutable; any thread.</remarks>
/// <param name="betaMin">β(0), at least 0. Default 0.1.</param>
/// <param name="betaMax">β(1), above <paramref name="betaMin"/>. Default 20.</param>
public sealed class SubVpSchedule(double betaMin = 0.1, double betaMax = 20) : VpSchedule(betaMin, betaMax)
{
    /// <inheritdoc/>
    public override string Name => "sub-vp";

    /// <inheritdoc/>
    public override double LambdaDerivative(double time)
    {
        // λ = ln α - ln(1 - α²), so dλ/dt = (d ln α / dt)·(1 + α²)/(1 - α²)
        double oneMinus = -double.ExpM1(2 * LogAlpha(time));
        return LogAlphaDerivative(time) * (2 - oneMinus) / oneMinus;
    }

    /// <inheritdoc/>
    public override double TimeAtLambda(double lambda) => TimeAtLogAlpha(Math.Log(ScalesAtLambda(lambda).Alpha));

    /// <inheritdoc/>
    protected override (double Alpha, double Sigma) Scales(double time) =>
        (Math.Exp(LogAlpha(time)), -double.ExpM1(2 * LogAlpha(time)));

    /// <inheritdoc/>
    protected override (double Alpha, double Sigma) ScalesAtLambda(double lambda)
    {
        // 1 - α² = r·α with r = σ/α: the positive root, in the form that does not cancel for large r.
        double ratio = Math.Exp(-lambda);
        double alpha = 2 / (ratio + Math.Sqrt((ratio * ratio) + 4));
        return (alpha, ratio * alpha);
    }
}
