namespace Diffusion.Render.Sharing;

/// <summary>What <see cref="SharingSelfTest"/> found for one path.</summary>
/// <param name="Path">The path.</param>
/// <param name="WhyNot">Why the path is not available here; null when it is.</param>
/// <param name="LargestDifference">The largest difference of a channel from what was written, in steps of 1/255.</param>
/// <param name="HandOverP50">Median of the CPU time that a hand-over takes on the thread that renders.</param>
/// <param name="HandOverP99">The 99th percentile of the same.</param>
/// <param name="BytesCopiedPerHandOver">Bytes that the CPU copied for each.</param>
public sealed record SharingTestResult(
    SharingPath Path,
    string? WhyNot,
    int LargestDifference = 0,
    TimeSpan HandOverP50 = default,
    TimeSpan HandOverP99 = default,
    long BytesCopiedPerHandOver = 0)
{
    /// <summary>Whether the path can be used here.</summary>
    public bool IsAvailable => WhyNot is null;

    /// <summary>Whether what was read is what was written.</summary>
    public bool HasPassed => IsAvailable && LargestDifference <= SharingSelfTest.Tolerance;
}
