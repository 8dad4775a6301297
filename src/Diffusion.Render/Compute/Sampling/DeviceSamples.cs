using Diffusion.Render.Devices;
using Diffusion.Runtime.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Compute.Sampling;

/// <summary>
/// The slots of a <see cref="SampleRing"/> in one buffer of the device, and behind them what a chain starts from.
/// </summary>
/// <remarks>
/// The image [3, H, W] and mask [H, W] of a start stay as long as the chain, which may keep pixels of it; they take 16
/// bytes a pixel, where nine slots take 216, and as much again where the host writes them. What copies to the host is
/// made when first asked for, which no frame does. One thread, that of the device's queue. Dispose retires all.
/// </remarks>
internal sealed unsafe class DeviceSamples : IDeviceSamples, IDisposable
{
    private readonly int _slots;
    private readonly long _slotSize;
    private readonly ulong _planeSize;
    private readonly ulong _imageSize;
    private readonly bool[] _isRead;
    private readonly ulong[] _readyAt;
    private readonly GpuBuffer _upload;
    private readonly OneTimeCommands _commands;
    private GpuBuffer? _readback;

    /// <param name="device">The device.</param>
    /// <param name="slots">How many slots.</param>
    /// <param name="slotSize">Their distance in bytes: x_t, then D, as in host memory.</param>
    /// <param name="pixels">H·W.</param>
    public DeviceSamples(VulkanDevice device, int slots, long slotSize, int pixels)
    {
        (Vulkan, _slots, _slotSize) = (device, slots, slotSize);
        _planeSize = (ulong)pixels * sizeof(float);
        _imageSize = SampleRing.Channels * _planeSize;
        _isRead = new bool[2 * slots];
        _readyAt = new ulong[slots];
        Buffer = GpuBuffer.DeviceLocal(
            device, (ulong)SizeOf(slots * slotSize, pixels),
            BufferUsageFlags.StorageBufferBit | BufferUsageFlags.TransferSrcBit | BufferUsageFlags.TransferDstBit,
            "samples", isShared: true);
        try
        {
            _upload = GpuBuffer.Upload(
                device, (ulong)UploadSizeOf(pixels), BufferUsageFlags.TransferSrcBit, "sample upload");
            _commands = new OneTimeCommands(device, "sample copies", device.Compute);
        }
        catch
        {
            _upload?.Dispose();
            Buffer.Dispose();
            throw;
        }
    }

    /// <summary>The device that holds the images.</summary>
    public VulkanDevice Vulkan { get; }

    public GpuBuffer Buffer { get; }

    /// <summary>Place in <see cref="Buffer"/> of what a chain starts from, in floats.</summary>
    public uint ImageOffset => (uint)(StartOffset / sizeof(float));

    /// <summary>Place in <see cref="Buffer"/> of the mask that tells what is kept of it, in floats.</summary>
    public uint MaskOffset => (uint)((StartOffset + _imageSize) / sizeof(float));

    private ulong StartOffset => (ulong)(_slots * _slotSize);

    /// <summary>Images copied to the host so far.</summary>
    public long ReadCount { get; private set; }

    /// <summary>Bytes of <see cref="Buffer"/>.</summary>
    /// <param name="ringSize">Bytes of all slots.</param>
    /// <param name="pixels">H·W.</param>
    public static long SizeOf(long ringSize, int pixels) =>
        ringSize + UploadSizeOf(pixels);

    /// <summary>Bytes of what the host writes a start to: an image and a mask.</summary>
    /// <param name="pixels">H·W.</param>
    public static long UploadSizeOf(int pixels) => (SampleRing.Channels + 1L) * pixels * sizeof(float);

    /// <summary>Place of an image in <see cref="Buffer"/>, in floats.</summary>
    public uint OffsetOf(int slot, bool isDenoised) =>
        (uint)((ByteOffsetOf(slot, isDenoised)) / sizeof(float));

    /// <summary>Says when the device is done with a slot that is about to be published.</summary>
    /// <param name="slot">Which.</param>
    /// <param name="value">Of the timeline of <see cref="VulkanDevice.Compute"/>.</param>
    public void Publish(int slot, ulong value) => _readyAt[slot] = value;

    /// <summary>The networks' timeline's value at which a published slot is readable by other queues.</summary>
    public ulong ReadyAt(int slot) => _readyAt[slot];

    public Span<float> Read(int slot, bool isDenoised)
    {
        ulong offset = ByteOffsetOf(slot, isDenoised);
        _readback ??= GpuBuffer.Readback(Vulkan, Buffer.SizeInBytes, "sample readback");
        ref bool isRead = ref _isRead[(2 * slot) + (isDenoised ? 1 : 0)];
        if (!isRead)
        {
            CommandBuffer commands = BeginCopy();
            var region = new BufferCopy(offset, offset, _imageSize);
            Vulkan.Api.CmdCopyBuffer(commands, Buffer.Handle, _readback.Handle, 1, &region);
            Barriers.TransferToHost(Vulkan, commands);
            EndCopy();
            isRead = true;
            ReadCount++;
        }

        return _readback.Span<float>().Slice((int)(offset / sizeof(float)), (int)(_imageSize / sizeof(float)));
    }

    public void Forget(int slot)
    {
        _isRead[2 * slot] = false;
        _isRead[(2 * slot) + 1] = false;
    }

    /// <summary>Copies an image to a slot and waits, which chains have no need of.</summary>
    public void Write(int slot, bool isDenoised, ReadOnlySpan<float> image)
    {
        Upload(ByteOffsetOf(slot, isDenoised), image, default);
        Forget(slot);
    }

    /// <summary>Copies what a chain starts from to the device and waits.</summary>
    /// <param name="image">Planar [3, H, W].</param>
    /// <param name="mask">Empty, or [H, W].</param>
    public void WriteStart(ReadOnlySpan<float> image, ReadOnlySpan<float> mask) => Upload(StartOffset, image, mask);

    public void Dispose()
    {
        _commands.Dispose();
        _upload.Dispose();
        _readback?.Dispose();
        Buffer.Dispose();
    }

    private void Upload(ulong offset, ReadOnlySpan<float> image, ReadOnlySpan<float> mask)
    {
        ulong size = _imageSize + (mask.IsEmpty ? 0 : _planeSize);
        image.CopyTo(_upload.Span<float>());
        mask.CopyTo(_upload.Span<float>()[image.Length..]);
        CommandBuffer commands = BeginCopy();
        var region = new BufferCopy(0, offset, size);
        Vulkan.Api.CmdCopyBuffer(commands, _upload.Handle, Buffer.Handle, 1, &region);
        Barriers.Memory(
            Vulkan, commands,
            PipelineStageFlags2.CopyBit, AccessFlags2.TransferWriteBit,
            PipelineStageFlags2.ComputeShaderBit,
            AccessFlags2.ShaderStorageReadBit | AccessFlags2.ShaderStorageWriteBit);
        EndCopy();
    }

    private ulong ByteOffsetOf(int slot, bool isDenoised)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(slot);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, _slots);
        return (ulong)(slot * _slotSize) + (isDenoised ? _imageSize : 0);
    }

    private CommandBuffer BeginCopy()
    {
        CommandBuffer commands = _commands.Begin();
        Barriers.Memory(
            Vulkan, commands,
            PipelineStageFlags2.ComputeShaderBit, AccessFlags2.ShaderStorageWriteBit,
            PipelineStageFlags2.CopyBit, AccessFlags2.TransferReadBit | AccessFlags2.TransferWriteBit);
        return commands;
    }

    private void EndCopy() => _commands.EndAndWait();
}
