namespace Diffusion.Runtime.Schedules;

/// <summary>
/// VDM's form, variance-preserving with the log-SNR falling linearly: σ² = sigmoid(γ), γ(t) = γ0 + t·(γ1 - γ0).
/// [Kingma21, Eq. 3]
/// </summary>
/// <remarks>
/// Time t in [0, 1]. A learned monotone γ is what training fits; between its ends the bound in continuous time does not
/// depend on its shape [Kingma21, Sec. 5.1]. Networks see γ. Immutable; any thread.
/// </remarks>
public sealed class LogSnrSchedule : NoiseSchedule
{
    private readonly double _gamma0;
    private readonly double _range;

    /// <summary>Makes the schedule.</summary>
    /// <param name="gamma0">-log SNR at t = 0. Default -13.3, that of the paper.</param>
    /// <param name="gamma1">-log SNR at t = 1, above <paramref name="gamma0"/>. Default 5.</param>
    /// <exception cref="ArgumentOutOfRangeException">The ends are not finite or do not rise.</exception>
    public LogSnrSchedule(double gamma0 = -13.3, double gamma1 = 5)
    {
        if (!(gamma1 > gamma0 && double.IsFinite(gamma0) && double.IsFinite(gamma1)))
        {
            throw new ArgumentOutOfRangeException(
                nameof(gamma0), $"gamma0 < gamma1 must hold, both finite, not {gamma0} and {gamma1}.");
        }

        _gamma0 = gamma0;
        _range = gamma1 - gamma0;
    }

    /// <inheritdoc/>
    public override string Name => "vdm";

    /// <inheritdoc/>
    public override double MinTime => 0;

    /// <inheritdoc/>
    public override double MaxTime => 1;

    /// <inheritdoc/>
    public override double LogAlphaDerivative(double time)
    {
        // ln α = -½·ln(1 + e^γ), so its derivative is -½·sigmoid(γ)·γ'
        (_, double sigma) = Scales(time);
        return -0.5 * sigma * sigma * _range;
    }

    /// <inheritdoc/>
    public override double LambdaDerivative(double time) => -0.5 * _range;

    /// <inheritdoc/>
    public override double TimeAtLambda(double lambda) => Math.Clamp(((-2 * lambda) - _gamma0) / _range, 0, 1);

    /// <inheritdoc/>
    public override double NetworkTime(double time) => _gamma0 + (time * _range);

    /// <inheritdoc/>
    protected override (double Alpha, double Sigma) Scales(double time) => ScalesAtLambda(-0.5 * NetworkTime(time));
}
