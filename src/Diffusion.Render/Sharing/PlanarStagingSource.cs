using Diffusion.Render.Devices;
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
    // As many bytes, read and written, as packing moves in a frame.
    private const int FloatsPerFrame = 64 * 1024;

    private readonly GpuBuffer _buffer = GpuBuffer.Upload(
        device, (ulong)ring.PlaneLength * sizeof(float) * StagedImages.Count, BufferUsageFlags.StorageBufferBit, name);

    private StagedImages _images = new(ring, ring.PlaneLength, FloatsPerFrame);

    public override GpuBuffer Buffer => _buffer;

    public override SharingPath Path => SharingPath.Staging;

    public override bool TryPrepare(in SampleLease lease, SampleView view, out uint offset)
    {
        offset = (uint)_images.Offset;
        int floats = _images.Next;
        _images.PlanesOf(lease, view).Slice(_images.Done, floats).CopyTo(
            _buffer.Span<float>().Slice(_images.Offset + _images.Done, floats));
        TotalBytesCopied += (long)floats * sizeof(float);
        return _images.Advance();
    }

    public override void Dispose() => _buffer.Close();
}
