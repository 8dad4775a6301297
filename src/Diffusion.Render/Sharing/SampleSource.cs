using Diffusion.Render.Devices;
using Diffusion.Runtime.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Sharing;

/// <summary>A buffer that holds leased samples, one way or another.</summary>
internal abstract class SampleSource : IDisposable
{
    public abstract GpuBuffer Buffer { get; }

    public abstract SharingPath Path { get; }

    /// <summary>Whether the buffer holds RGBA8 pixels to copy, in place of planar floats to convert.</summary>
    public virtual bool IsPacked => false;

    /// <summary>Why a path that worked no longer does, or null while it does.</summary>
    public virtual string? Failure => null;

    /// <summary>Bytes that the CPU copied so far.</summary>
    public long TotalBytesCopied { get; protected set; }

    /// <summary>Makes a leased sample readable by the frame to be submitted next, or goes on with that.</summary>
    /// <param name="lease">The sample; the same until this has returned true.</param>
    /// <param name="view">Which image of it; likewise.</param>
    /// <param name="offset">The offset of its red plane in floats, or of its first pixel in pixels: both have four
    /// bytes.</param>
    /// <returns>False where it takes longer than this frame; asked again in the next.</returns>
    public abstract bool TryPrepare(in SampleLease lease, SampleView view, out uint offset);

    /// <summary>Records what orders a conversion after whoever else on the device writes the buffer.</summary>
    /// <param name="commands">The frame's commands.</param>
    /// <param name="offset">As <see cref="TryPrepare"/> said.</param>
    public virtual void BeginRead(CommandBuffer commands, uint offset)
    {
    }

    /// <summary>Records the end of what <see cref="BeginRead"/> began.</summary>
    public virtual void EndRead(CommandBuffer commands, uint offset)
    {
    }

    /// <summary>Frees the buffer at once: the device is done with it.</summary>
    public abstract void Dispose();

    /// <summary>The leased image in a ring's block, in floats.</summary>
    protected static uint OffsetIn(SampleRing ring, in SampleLease lease, SampleView view)
    {
        long bytes = lease.Slot * ring.SlotSizeInBytes;
        bytes += view == SampleView.Denoised ? ring.DenoisedOffsetInBytes : 0;
        return (uint)(bytes / sizeof(float));
    }
}
