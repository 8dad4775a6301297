namespace Diffusion.Runtime.Schedules;

/// <summary>α(t) and σ(t) of the forward process x_t = α(t)·x_0 + σ(t)·ε, as functions of continuous time.</summary>
/// <remarks>
/// Immutable; any thread. Time grows with noise. Discrete β tables are one way to build a schedule. The forward SDE
/// dx = f·x·dt + g·dw follows from α and λ = ln(α/σ): f = d ln α / dt and g² = -2·σ²·dλ/dt. [Lu22, Sec. 2.1]
/// </remarks>
public abstract class NoiseSchedule
{
    /// <summary>The name by which a request or a command line picks the schedule, for example <c>cosine</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The time of least noise.</summary>
    public abstract double MinTime { get; }

    /// <summary>The time of most noise.</summary>
    public abstract double MaxTime { get; }

    /// <summary>Entries of the table that the schedule was built from, or null for a continuous one.</summary>
    public virtual int? TableLength => null;

    /// <summary>Where its steps lie when nobody says so, or null to leave it to the solver.</summary>
    public virtual StepSpacing? OwnSpacing => null;

    /// <summary>α(t), σ(t), f(t) and g²(t) at <paramref name="time"/>.</summary>
    /// <param name="time">In [<see cref="MinTime"/>, <see cref="MaxTime"/>]; outside it is clamped.</param>
    public NoiseLevel At(double time)
    {
        time = Math.Clamp(time, MinTime, MaxTime);
        (double alpha, double sigma) = Scales(time);
        return Complete(time, alpha, sigma);
    }

    /// <summary>The level at which half the log-SNR is <paramref name="lambda"/>.</summary>
    /// <param name="lambda">ln(α/σ), finite. Outside the schedule's range α and σ go on, and the time is
    /// clamped.</param>
    public NoiseLevel AtLambda(double lambda)
    {
        (double alpha, double sigma) = ScalesAtLambda(lambda);
        return Complete(TimeAtLambda(lambda), alpha, sigma);
    }

    /// <summary>d ln α / dt at <paramref name="time"/>, per unit of time.</summary>
    public abstract double LogAlphaDerivative(double time);

    /// <summary>dλ/dt at <paramref name="time"/>, per unit of time, λ = ln(α/σ); negative.</summary>
    public abstract double LambdaDerivative(double time);

    /// <summary>
    /// The time at which half the log-SNR, ln(α/σ), has the value <paramref name="lambda"/>: the inverse of λ(t).
    /// </summary>
    /// <param name="lambda">Clamped to the schedule's range.</param>
    public abstract double TimeAtLambda(double lambda);

    /// <summary>What the network was trained to see at <paramref name="time"/>: its timestep input.</summary>
    public abstract double NetworkTime(double time);

    /// <summary>α and σ at a time within the schedule's range.</summary>
    protected abstract (double Alpha, double Sigma) Scales(double time);

    /// <summary>α and σ of the schedule's family where ln(α/σ) is <paramref name="lambda"/>.</summary>
    /// <remarks>By default those of a variance-preserving family, α² + σ² = 1.</remarks>
    protected virtual (double Alpha, double Sigma) ScalesAtLambda(double lambda) => (
        1 / Math.Sqrt(1 + Math.Exp(-2 * lambda)),
        1 / Math.Sqrt(1 + Math.Exp(2 * lambda)));

    private NoiseLevel Complete(double time, double alpha, double sigma) => new(time, alpha, sigma)
    {
        Drift = LogAlphaDerivative(time),
        DiffusionSquared = -2 * sigma * sigma * LambdaDerivative(time),
    };
}
