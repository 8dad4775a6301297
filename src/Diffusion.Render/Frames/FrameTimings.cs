namespace Diffusion.Render.Frames;

/// <summary>What a finished frame took; <see cref="Passes"/> is overwritten when a later frame is read back.</summary>
public sealed class FrameTimings
{
    private readonly PassTiming[] _passes;

    internal FrameTimings(int passCount)
    {
        _passes = new PassTiming[passCount];
    }

    /// <summary>The frame's timeline value; 0 before the first frame is read back.</summary>
    public ulong FrameValue { get; internal set; }

    /// <summary>Device time from the first pass to the last; zero where the device has no timestamps.</summary>
    public TimeSpan Gpu { get; internal set; }

    /// <summary>CPU time from the frame's begin to its submission, the caller's work between included.</summary>
    public TimeSpan Cpu { get; internal set; }

    /// <summary>The passes in their order.</summary>
    public ReadOnlySpan<PassTiming> Passes => _passes;

    internal void Set(int index, in PassTiming timing) => _passes[index] = timing;
}
