using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Frames;

/// <summary>
/// Where frames go: a window's swapchain or an offscreen image. Used by one <see cref="FrameRenderer"/>.
/// </summary>
public abstract class FrameTarget : IDisposable
{
    private protected FrameTarget()
    {
    }

    /// <summary>Colour format; an sRGB one, so that shaders write linear light, or undefined of <see cref="NoTarget"/>.
    /// </summary>
    public abstract Format Format { get; }

    /// <summary>Size in pixels of the frame to come.</summary>
    public abstract Extent2D Extent { get; }

    /// <summary>Frees the target once the device is done with it.</summary>
    public abstract void Dispose();

    /// <summary>Takes an image for a frame, or returns false when there is none to draw (a minimised window).</summary>
    internal abstract bool TryAcquire(int slot, out Image image, out ImageView view);

    /// <summary>Records what makes the image fit to draw into.</summary>
    internal abstract void RecordBegin(in Frame frame);

    /// <summary>Records what follows the last pass.</summary>
    internal abstract void RecordEnd(in Frame frame);

    /// <summary>A semaphore that the submission waits for before it writes colours, or null.</summary>
    internal virtual Silk.NET.Vulkan.Semaphore WaitBefore(int slot) => default;

    /// <summary>A semaphore that the submission signals besides the timeline, or null.</summary>
    internal virtual Silk.NET.Vulkan.Semaphore SignalAfter(int slot) => default;

    /// <summary>The frame was submitted.</summary>
    internal virtual void Present(VulkanDevice device, in Frame frame)
    {
    }
}
