using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Runtime.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Sharing;

/// <summary>A mapped buffer with room for the shown image of each frame in flight, packed to RGBA8.</summary>
internal sealed class StagingSource(VulkanDevice device, SampleRing ring, string name)
    : SampleSource
{
    private readonly GpuBuffer _buffer = GpuBuffer.Upload(
        device, (ulong)ring.Width * (ulong)ring.Height * sizeof(uint) * FrameRenderer.FramesInFlight,
        BufferUsageFlags.TransferSrcBit, name);

    public override GpuBuffer Buffer => _buffer;

    public override SharingPath Path => SharingPath.Staging;

    public override bool IsPacked => true;

    public override uint Prepare(in SampleLease lease, SampleView view, int frameSlot)
    {
        int pixels = ring.Width * ring.Height;
        Span<float> planes = view == SampleView.Denoised ? ring.Denoised(lease.Slot) : ring.Sample(lease.Slot);
        int offset = frameSlot * pixels;
        PixelPacking.ToRgba(planes, _buffer.Span<uint>().Slice(offset, pixels));
        TotalBytesCopied += (long)pixels * sizeof(uint);
        return (uint)offset;
    }

    public override void Dispose() => _buffer.Close();
}
