namespace Diffusion.Render.Frames;

/// <summary>
/// A named piece of a frame, timed on the device and on the CPU. Passes run in the order given to the renderer.
/// </summary>
public interface IFramePass
{
    /// <summary>What timings call it.</summary>
    string Name { get; }

    /// <summary>A frame begins: its slot's resources are free to be written again.</summary>
    /// <param name="frame">The frame.</param>
    void Begin(in Frame frame);

    /// <summary>Records the pass; the target stands in the layout for colour attachments before and after.</summary>
    /// <param name="frame">The frame.</param>
    void Record(in Frame frame);
}
