namespace Diffusion.Runtime.Schedules;

/// <summary>A schedule that leaves the image as it is and only adds noise: α = 1.</summary>
/// <remarks>Immutable; any thread.</remarks>
public abstract class ExplodingSchedule : NoiseSchedule
{
    /// <inheritdoc/>
    public override double LogAlphaDerivative(double time) => 0;

    /// <inheritdoc/>
    protected override (double Alpha, double Sigma) Scales(double time) => (1, Sigma(time));

    /// <inheritdoc/>
    protected override (double Alpha, double Sigma) ScalesAtLambda(double lambda) => (1, Math.Exp(-lambda));

    /// <summary>σ(t) within the schedule's range.</summary>
    protected abstract double Sigma(double time);

    /// <exception cref="ArgumentOutOfRangeException">The deviations do not satisfy 0 &lt; min &lt; max &lt;
    /// ∞.</exception>
    private protected static void Check(double sigmaMin, double sigmaMax)
    {
        if (!(sigmaMin > 0 && sigmaMax > sigmaMin && double.IsFinite(sigmaMax)))
        {
            throw new ArgumentOutOfRangeException(
                nameof(sigmaMin), $"0 < sigmaMin < sigmaMax must hold, not {sigmaMin} and {sigmaMax}.");
        }
    }
}
