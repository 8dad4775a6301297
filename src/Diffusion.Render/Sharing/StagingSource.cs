using Diffusion.Render.Devices;
using Diffusion.Runtime.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Sharing;

/// <summary>A mapped buffer with room for the shown image of each frame in flight, packed to RGBA8.</summary>
internal sealed class StagingSource(VulkanDevice device, SampleRing ring, string name)
    : SampleSource
{
    // 256x256 takes three frames, and 15 µs of each.
    private const int PixelsPerFrame = 24 * 1024;

    private readonly GpuBuffer _buffer = GpuBuffer.Upload(
        device, (ulong)ring.Width * (ulong)ring.Height * sizeof(uint) * StagedImages.Count,
        BufferUsageFlags.TransferSrcBit, name);

    private StagedImages _images = new(ring, ring.Width * ring.Height, PixelsPerFrame);

    public override GpuBuffer Buffer => _buffer;

    public override SharingPath Path => SharingPath.Staging;

    public override bool IsPacked => true;

    public override bool TryPrepare(in SampleLease lease, SampleView view, out uint offset)
    {
        offset = (uint)_images.Offset;
        int pixels = _images.Next;
        PixelPacking.ToRgba(
            _images.PlanesOf(lease, view), _images.Done,
            _buffer.Span<uint>().Slice(_images.Offset + _images.Done, pixels));
        TotalBytesCopied += (long)pixels * sizeof(uint);
        return _images.Advance();
    }

    public override void Dispose() => _buffer.Close();
}
