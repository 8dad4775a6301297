using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Runtime.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Sharing;

/// <summary>A mapped buffer with room for the shown image of each frame in flight, as planar floats.</summary>
/// <remarks>
/// For formats that the device converts to: packing on the host would be a second definition of each.
/// </remarks>
internal sealed class PlanarStagingSource(VulkanDevice device, SampleRing ring, string name)
    : SampleSource
{
    private readonly int _floats = 3 * ring.Width * ring.Height;

    private readonly GpuBuffer _buffer = GpuBuffer.Upload(
        device, 3 * (ulong)ring.Width * (ulong)ring.Height * sizeof(float) * FrameRenderer.FramesInFlight,
        BufferUsageFlags.StorageBufferBit, name);

    public override GpuBuffer Buffer => _buffer;

    public override SharingPath Path => SharingPath.Staging;

    public override uint Prepare(in SampleLease lease, SampleView view, int frameSlot)
    {
        Span<float> planes = view == SampleView.Denoised ? ring.Denoised(lease.Slot) : ring.Sample(lease.Slot);
        int offset = frameSlot * _floats;
        planes[.._floats].CopyTo(_buffer.Span<float>().Slice(offset, _floats));
        TotalBytesCopied += (long)_floats * sizeof(float);
        return (uint)offset;
    }

    public override void Dispose() => _buffer.Close();
}
