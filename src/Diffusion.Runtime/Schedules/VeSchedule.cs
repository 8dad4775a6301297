namespace Diffusion.Runtime.Schedules;

/// <summary>
/// The variance-exploding SDE dx = √(dσ²/dt)·dw with σ a geometric sequence, the limit of SMLD. [Song21SDE, App. C]
/// </summary>
/// <remarks>Time t in [1e-5, 1]; networks see σ, as those of the paper do. Immutable; any thread.</remarks>
public sealed class VeSchedule : ExplodingSchedule
{
    private readonly double _sigmaMin;
    private readonly double _logRange;

    /// <summary>Makes the schedule.</summary>
    /// <param name="sigmaMin">σ(0), above 0. Default 0.01.</param>
    /// <param name="sigmaMax">σ(1), above <paramref name="sigmaMin"/>. Default 50.</param>
    /// <exception cref="ArgumentOutOfRangeException">The deviations break their rule.</exception>
    public VeSchedule(double sigmaMin = 0.01, double sigmaMax = 50)
    {
        Check(sigmaMin, sigmaMax);
        _sigmaMin = sigmaMin;
        _logRange = Math.Log(sigmaMax / sigmaMin);
    }

    /// <inheritdoc/>
    public override string Name => "ve";

    /// <inheritdoc/>
    public override double MinTime => 1e-5;

    /// <inheritdoc/>
    public override double MaxTime => 1;

    /// <inheritdoc/>
    public override double LambdaDerivative(double time) => -_logRange;

    /// <inheritdoc/>
    public override double TimeAtLambda(double lambda) =>
        Math.Clamp((-lambda - Math.Log(_sigmaMin)) / _logRange, MinTime, MaxTime);

    /// <inheritdoc/>
    public override double NetworkTime(double time) => Sigma(time);

    /// <inheritdoc/>
    protected override double Sigma(double time) => _sigmaMin * Math.Exp(time * _logRange);
}
