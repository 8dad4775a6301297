namespace Diffusion.Demo;

/// <summary>
/// The animation's time: it goes on by frames, so that a run off screen shows the same on any machine.
/// </summary>
internal sealed class AnimationClock : TimeProvider
{
    /// <summary>Seconds since the start.</summary>
    public double Seconds { get; set; }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override long GetTimestamp() => (long)(Seconds * TimeSpan.TicksPerSecond);
}
