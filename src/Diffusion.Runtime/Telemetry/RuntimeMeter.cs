using System.Diagnostics.Metrics;

namespace Diffusion.Runtime.Telemetry;

/// <summary>The meter <c>Diffusion.Runtime</c>: for monitors. Durations are seconds, as OpenTelemetry asks.</summary>
/// <remarks>One for all runtimes of the process. Any thread.</remarks>
internal static class RuntimeMeter
{
    public const string Name = "Diffusion.Runtime";

    private static readonly Meter _meter = new(Name);
    private static int _running;

    public static Histogram<double> TickDuration { get; } = _meter.CreateHistogram<double>(
        "diffusion.tick.duration", "s", "Time that a tick took.");

    public static Histogram<double> TickOverrun { get; } = _meter.CreateHistogram<double>(
        "diffusion.tick.overrun", "s", "Time that a tick took beyond its budget, for the ticks that did.");

    public static Histogram<double> SliceDuration { get; } = _meter.CreateHistogram<double>(
        "diffusion.slice.duration", "s", "Time that a slice took; the tag diffusion.slice is its name.");

    public static Counter<long> Steps { get; } = _meter.CreateCounter<long>(
        "diffusion.steps", "{step}", "Solver steps finished.");

    public static Counter<long> TexturesCompleted { get; } = _meter.CreateCounter<long>(
        "diffusion.textures.completed", "{texture}", "Textures finished.");

    public static Counter<long> TexturesFailed { get; } = _meter.CreateCounter<long>(
        "diffusion.textures.failed", "{texture}", "Textures that failed.");

    public static ObservableUpDownCounter<int> TexturesRunning { get; } = _meter.CreateObservableUpDownCounter(
        "diffusion.textures.running", () => Volatile.Read(ref _running), "{texture}",
        "Textures that were submitted and have not completed, failed or been cancelled.");

    /// <summary>Whether anyone listens to what ticks measure.</summary>
    public static bool IsEnabled =>
        TickDuration.Enabled || TickOverrun.Enabled || SliceDuration.Enabled || Steps.Enabled
        || TexturesCompleted.Enabled || TexturesFailed.Enabled;

    /// <summary>Adds to the number of running textures, which is kept whether anyone listens or not.</summary>
    public static void AddRunning(int change) => Interlocked.Add(ref _running, change);
}
