namespace Diffusion.Runtime.Schedules;

/// <summary>α(t) and σ(t) of the forward process x_t = α(t)·x_0 + σ(t)·ε, as functions of continuous time.</summary>
/// <remarks>Immutable; any thread. Time grows with noise. Discrete β tables are one way to build a schedule.</remarks>
public abstract class NoiseSchedule
{
    /// <summary>The name by which a request or a command line picks the schedule, for example <c>cosine</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The time of least noise.</summary>
    public abstract double MinTime { get; }

    /// <summary>The time of most noise.</summary>
    public abstract double MaxTime { get; }

    /// <summary>α(t), σ(t) at <paramref name="time"/>.</summary>
    /// <param name="time">In [<see cref="MinTime"/>, <see cref="MaxTime"/>]; outside it is clamped.</param>
    public abstract NoiseLevel At(double time);

    /// <summary>d ln α / dt at <paramref name="time"/>, per unit of time.</summary>
    public abstract double LogAlphaDerivative(double time);

    /// <summary>
    /// The time at which half the log-SNR, ln(α/σ), has the value <paramref name="lambda"/>: the inverse of λ(t).
    /// </summary>
    /// <param name="lambda">Clamped to the schedule's range.</param>
    public abstract double TimeAtLambda(double lambda);

    /// <summary>What the network was trained to see at <paramref name="time"/>: its timestep input.</summary>
    public abstract double NetworkTime(double time);
}
