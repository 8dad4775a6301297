using Diffusion.Render.Devices;
using Diffusion.Runtime.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Sharing;

/// <summary>The ring's whole block, imported once: a sample is where the writer left it.</summary>
internal sealed class HostImportSource(VulkanDevice device, SampleRing ring, string name)
    : SampleSource
{
    private readonly GpuBuffer _buffer = GpuBuffer.Import(
        device, ring.Address, (ulong)ring.SizeInBytes, BufferUsageFlags.StorageBufferBit, name);

    public override GpuBuffer Buffer => _buffer;

    public override SharingPath Path => SharingPath.HostImport;

    /// <summary>Why this ring cannot be imported on this device, or null when it can.</summary>
    public static string? WhyNot(VulkanDevice device, SampleRing ring)
    {
        if (ring.Device is not null)
        {
            return "its samples are not in host memory";
        }

        if (device.HostImportReason is not null)
        {
            return device.HostImportReason;
        }

        long alignment = device.HostImportAlignment;
        if (ring.Address % alignment != 0 || ring.SizeInBytes % alignment != 0)
        {
            return $"the device imports multiples of {alignment} bytes, the ring is aligned to {SampleRing.Alignment}";
        }

        return ring.SizeInBytes > device.Limits.MaxStorageBufferRange
            ? $"the ring has {ring.SizeInBytes} bytes, a storage buffer at most {device.Limits.MaxStorageBufferRange}"
            : null;
    }

    public override bool TryPrepare(in SampleLease lease, SampleView view, out uint offset)
    {
        offset = OffsetIn(ring, lease, view);
        return true;
    }

    public override void Dispose() => _buffer.Close();
}
