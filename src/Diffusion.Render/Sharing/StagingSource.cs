using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Runtime.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Sharing;

/// <summary>A mapped buffer with room for the shown plane of each frame in flight.</summary>
internal sealed class StagingSource(VulkanDevice device, SampleRing ring, string name)
    : SampleSource
{
    private readonly GpuBuffer _buffer = GpuBuffer.Upload(
        device, (ulong)ring.PlaneLength * sizeof(float) * FrameRenderer.FramesInFlight,
        BufferUsageFlags.StorageBufferBit, name);

    public override GpuBuffer Buffer => _buffer;

    public override SharingPath Path => SharingPath.Staging;

    public override uint Prepare(in SampleLease lease, SampleView view, int frameSlot)
    {
        Span<float> plane = view == SampleView.Denoised ? ring.Denoised(lease.Slot) : ring.Sample(lease.Slot);
        int offset = frameSlot * ring.PlaneLength;
        plane.CopyTo(_buffer.Span<float>()[offset..]);
        TotalBytesCopied += (long)plane.Length * sizeof(float);
        return (uint)offset;
    }

    public override void Dispose() => _buffer.Close();
}
