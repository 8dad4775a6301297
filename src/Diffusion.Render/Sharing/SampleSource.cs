using Diffusion.Render.Devices;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Sharing;

/// <summary>A buffer that holds leased samples, one way or another.</summary>
internal abstract class SampleSource : IDisposable
{
    public abstract GpuBuffer Buffer { get; }

    public abstract SharingPath Path { get; }

    /// <summary>Whether the buffer holds RGBA8 pixels to copy, in place of planar floats to convert.</summary>
    public virtual bool IsPacked => false;

    /// <summary>Whether kernels on the same queue write the buffer: a conversion has to come after them.</summary>
    public virtual bool IsWrittenByDevice => false;

    /// <summary>Bytes that the CPU copied so far.</summary>
    public long TotalBytesCopied { get; protected set; }

    /// <summary>Makes a leased sample readable by the frame to be submitted next.</summary>
    /// <returns>The offset of its red plane in floats, or of its first pixel in pixels: both have four bytes.</returns>
    public abstract uint Prepare(in SampleLease lease, SampleView view, int frameSlot);

    /// <summary>Frees the buffer at once: the device is done with it.</summary>
    public abstract void Dispose();
}
