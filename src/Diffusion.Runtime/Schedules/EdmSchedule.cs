namespace Diffusion.Runtime.Schedules;

/// <summary>EDM's schedule: α = 1 and σ(t) = t. [Karras22, Table 1]</summary>
/// <remarks>Networks see ¼·ln σ. Immutable; any thread.</remarks>
public sealed class EdmSchedule : ExplodingSchedule
{
    /// <summary>Makes the schedule.</summary>
    /// <param name="sigmaMin">Least σ, above 0. Default 0.002.</param>
    /// <param name="sigmaMax">Largest σ, above <paramref name="sigmaMin"/>. Default 80.</param>
    /// <exception cref="ArgumentOutOfRangeException">The deviations break their rule.</exception>
    public EdmSchedule(double sigmaMin = 0.002, double sigmaMax = 80)
    {
        Check(sigmaMin, sigmaMax);
        (MinTime, MaxTime) = (sigmaMin, sigmaMax);
    }

    /// <inheritdoc/>
    public override string Name => "edm";

    /// <inheritdoc/>
    public override double MinTime { get; }

    /// <inheritdoc/>
    public override double MaxTime { get; }

    /// <inheritdoc/>
    /// <remarks>Evenly in time would be evenly in σ, with one step where the picture forms. [Karras22, Eq. 5]</remarks>
    public override StepSpacing? OwnSpacing => StepSpacing.Karras;

    /// <inheritdoc/>
    public override double LambdaDerivative(double time) => -1 / time;

    /// <inheritdoc/>
    public override double TimeAtLambda(double lambda) => Math.Clamp(Math.Exp(-lambda), MinTime, MaxTime);

    /// <inheritdoc/>
    public override double NetworkTime(double time) => 0.25 * Math.Log(time);

    /// <inheritdoc/>
    protected override double Sigma(double time) => time;
}
