namespace Diffusion.Cli.Checking;

/// <summary>A way for samples to reach the device.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">Whether it is there and works.</param>
/// <param name="Reason">Why it is not there or what went wrong; else what was tested.</param>
/// <param name="HandOverUsP50">Median CPU time of a hand-over on the thread that renders, in microseconds.</param>
/// <param name="HandOverUsP99">The 99th percentile of the same.</param>
/// <param name="BytesCopied">Bytes that the CPU copies for a hand-over.</param>
internal sealed record CheckedPath(
    string Name, CheckState State, string Reason,
    double? HandOverUsP50 = null, double? HandOverUsP99 = null, long? BytesCopied = null);
