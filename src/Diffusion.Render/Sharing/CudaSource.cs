using Diffusion.Render.Devices;
using Diffusion.Runtime.Sharing;
using Microsoft.Win32.SafeHandles;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Sharing;

/// <summary>Memory of this device that CUDA on the same device copies each slot of the ring to.</summary>
/// <remarks>
/// CUDA signals a timeline behind each copy. A frame takes a sample only once its value is reached, so that neither
/// host nor queue ever stands still for CUDA, and then has the queue wait for that value, which is what makes the copy
/// visible. What a frame reads CUDA does not write: its lease says so.
/// </remarks>
internal sealed class CudaSource : SampleSource
{
    private readonly VulkanDevice _device;
    private readonly SampleRing _ring;
    private readonly GpuBuffer _buffer;
    private readonly ExportedTimeline _timeline;
    private readonly ISampleMirror _mirror;
    private ulong _acquired;

    /// <param name="device">The device that shows the samples.</param>
    /// <param name="ring">One of which <see cref="WhyNot"/> has nothing to say.</param>
    /// <param name="name">The texture's name.</param>
    /// <exception cref="VulkanException">The memory cannot be allocated or exported.</exception>
    /// <exception cref="SharingException">CUDA cannot import it.</exception>
    public CudaSource(VulkanDevice device, SampleRing ring, string name)
    {
        (_device, _ring) = (device, ring);
        using var made = new Construction(device);
        _buffer = made.Own(GpuBuffer.Exported(
            device, (ulong)ring.SizeInBytes, BufferUsageFlags.StorageBufferBit, name));
        _timeline = made.Own(device.MakeExportedTimeline(device, name));
        using SafeFileHandle memory = _buffer.Export(device);
        using SafeFileHandle timeline = _timeline.Export();
        _mirror = ((IMirroredSamples)ring.Device!).Mirror(new ExportedMemory
        {
            Memory = memory,
            SizeInBytes = (long)_buffer.AllocationSizeInBytes,
            Timeline = timeline,
        });
        _ = made.Complete();
    }

    public override GpuBuffer Buffer => _buffer;

    public override SharingPath Path => SharingPath.Cuda;

    public override string? Failure => _mirror.Failure;

    /// <summary>Why a ring's samples cannot be copied to a device by CUDA, or null when they can.</summary>
    public static string? WhyNot(VulkanDevice device, SampleRing ring)
        => ring.Device is null ? "its samples are written by the host"
            : ring.Device is not IMirroredSamples samples ? "its samples are not on CUDA"
            : ring.SizeInBytes > device.Limits.MaxStorageBufferRange
                ? $"the ring has {ring.SizeInBytes} bytes, a storage buffer at most "
                    + $"{device.Limits.MaxStorageBufferRange}"
                : device.ExportReason ?? samples.WhyNotMirrored(device.Uuid);

    public override bool TryPrepare(in SampleLease lease, SampleView view, out uint offset)
    {
        offset = OffsetIn(_ring, lease, view);
        ulong value = _mirror.ReadyAt(lease.Slot);
        if (value > _timeline.Completed)
        {
            return false;
        }

        if (value > _acquired)
        {
            _timeline.Acquire(value);
            _acquired = value;
        }

        return true;
    }

    public override void BeginRead(CommandBuffer commands, uint offset) => Barriers.Acquire(
        _device, commands, _buffer, (ulong)offset * sizeof(float), (ulong)_ring.PlaneLength * sizeof(float));

    public override void EndRead(CommandBuffer commands, uint offset) => Barriers.Release(
        _device, commands, _buffer, (ulong)offset * sizeof(float), (ulong)_ring.PlaneLength * sizeof(float));

    // CUDA first: it waits for its copies, and writes the memory no more.
    public override void Dispose()
    {
        _mirror.Dispose();
        _timeline.Dispose();
        _buffer.Close();
    }
}
