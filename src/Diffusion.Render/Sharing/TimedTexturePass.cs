using Diffusion.Render.Frames;

namespace Diffusion.Render.Sharing;

/// <summary>The shared textures' pass with a clock on the thread that records it.</summary>
internal sealed class TimedTexturePass(SharedTexturePass textures) : IFramePass
{
    public string Name => textures.Name;

    /// <summary>CPU time of the last frame's hand-over: packing or not, and recording.</summary>
    public TimeSpan Last { get; private set; }

    public void Begin(in Frame frame) => textures.Begin(frame);

    public void Record(in Frame frame)
    {
        TimeSpan before = ThreadClock.Now;
        textures.Record(frame);
        Last = ThreadClock.Now - before;
    }
}
