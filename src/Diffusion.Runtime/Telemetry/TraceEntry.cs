namespace Diffusion.Runtime.Telemetry;

/// <summary>One span, or one value of a counter, as a recorder holds it.</summary>
/// <remarks>Pure data.</remarks>
public readonly record struct TraceEntry
{
    /// <summary>The counter's or span's name.</summary>
    public required TraceName Name { get; init; }

    /// <summary>The span's track; for a counter the one that its process is taken from.</summary>
    public required TraceTrack Track { get; init; }

    /// <summary>Whether it is a value of a counter.</summary>
    public bool IsCounter { get; init; }

    /// <summary>When it began, or when the counter had the value: a time stamp of the recorder's clock.</summary>
    public required long Start { get; init; }

    /// <summary>How long the span took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The counter's value.</summary>
    public double Value { get; init; }

    /// <summary>What the span was about.</summary>
    public TraceDetails Details { get; init; }
}
