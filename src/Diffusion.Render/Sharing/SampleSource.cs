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

    /// <summary>Whether a leased sample is there, so that <see cref="Prepare"/> does not make the frame wait.</summary>
    public virtual bool IsReady(in SampleLease lease) => true;

    /// <summary>Makes a leased sample readable by the frame to be submitted next.</summary>
    /// <returns>The offset of its red plane in floats, or of its first pixel in pixels: both have four bytes.</returns>
    public abstract uint Prepare(in SampleLease lease, SampleView view, int frameSlot);

    /// <summary>Records what orders a conversion after whoever else on the device writes the buffer.</summary>
    /// <param name="commands">The frame's commands.</param>
    /// <param name="offset">As <see cref="Prepare"/> said.</param>
    public virtual void BeginRead(CommandBuffer commands, uint offset)
    {
    }

    /// <summary>Records the end of what <see cref="BeginRead"/> began.</summary>
    public virtual void EndRead(CommandBuffer commands, uint offset)
    {
    }

    /// <summary>Frees the buffer at once: the device is done with it.</summary>
    public abstract void Dispose();
}
