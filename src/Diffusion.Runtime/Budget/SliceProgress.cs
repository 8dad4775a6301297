namespace Diffusion.Runtime.Budget;

/// <summary>What happens to a slice that does not fit the budget even on an empty tick.</summary>
/// <remarks>Such a tick is reported: <see cref="TickReport.Forced"/>. Pure data.</remarks>
public readonly record struct SliceProgress
{
    private SliceProgress(int frames) => Frames = frames;

    /// <summary>It waits for a larger budget; the budget is never knowingly overrun.</summary>
    public static SliceProgress Strict => default;

    /// <summary>
    /// Of how many ticks without progress the last runs one slice regardless; 0 for <see cref="Strict"/>.
    /// </summary>
    public int Frames { get; }

    /// <summary>After n-1 ticks in which nothing fitted, the n-th runs one slice regardless.</summary>
    /// <param name="frames">n, at least 1; 1 runs a slice in every tick.</param>
    /// <exception cref="ArgumentOutOfRangeException">n is below 1.</exception>
    public static SliceProgress AtLeastOneSlicePerFrames(int frames)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(frames);
        return new SliceProgress(frames);
    }
}
