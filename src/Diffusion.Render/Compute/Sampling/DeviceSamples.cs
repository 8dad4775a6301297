using Diffusion.Render.Devices;
using Diffusion.Runtime.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Compute.Sampling;

/// <summary>The slots of a <see cref="SampleRing"/> in one buffer of the device.</summary>
/// <remarks>
/// What copies to the host and from it is made when first asked for; neither is needed in a frame. One thread, that of
/// the device's queue. Dispose retires all.
/// </remarks>
internal sealed unsafe class DeviceSamples : IDeviceSamples, IDisposable
{
    private readonly int _slots;
    private readonly long _slotSize;
    private readonly ulong _imageSize;
    private readonly bool[] _isRead;
    private GpuBuffer? _readback;
    private GpuBuffer? _upload;
    private OneTimeCommands? _commands;

    /// <param name="device">The device.</param>
    /// <param name="slots">How many slots.</param>
    /// <param name="slotSize">Their distance in bytes: x_t, then D, as in host memory.</param>
    /// <param name="imageLength">Floats of an image.</param>
    public DeviceSamples(VulkanDevice device, int slots, long slotSize, int imageLength)
    {
        (Vulkan, _slots, _slotSize) = (device, slots, slotSize);
        _imageSize = (ulong)imageLength * sizeof(float);
        _isRead = new bool[2 * slots];
        Buffer = GpuBuffer.DeviceLocal(
            device, (ulong)(slots * slotSize),
            BufferUsageFlags.StorageBufferBit | BufferUsageFlags.TransferSrcBit | BufferUsageFlags.TransferDstBit,
            "samples");
    }

    /// <summary>The device that holds the images.</summary>
    public VulkanDevice Vulkan { get; }

    public GpuBuffer Buffer { get; }

    /// <summary>Images copied to the host so far.</summary>
    public long ReadCount { get; private set; }

    /// <summary>Place of an image in <see cref="Buffer"/>, in floats.</summary>
    public uint OffsetOf(int slot, bool isDenoised) =>
        (uint)((ByteOffsetOf(slot, isDenoised)) / sizeof(float));

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

    /// <summary>Copies an image to the device and waits: for a chain that starts from one.</summary>
    public void Write(int slot, bool isDenoised, ReadOnlySpan<float> image)
    {
        _upload ??= GpuBuffer.Upload(Vulkan, _imageSize, BufferUsageFlags.TransferSrcBit, "sample upload");
        image.CopyTo(_upload.Span<float>());
        CommandBuffer commands = BeginCopy();
        var region = new BufferCopy(0, ByteOffsetOf(slot, isDenoised), _imageSize);
        Vulkan.Api.CmdCopyBuffer(commands, _upload.Handle, Buffer.Handle, 1, &region);
        Barriers.Memory(
            Vulkan, commands,
            PipelineStageFlags2.CopyBit, AccessFlags2.TransferWriteBit,
            PipelineStageFlags2.ComputeShaderBit,
            AccessFlags2.ShaderStorageReadBit | AccessFlags2.ShaderStorageWriteBit);
        EndCopy();
        Forget(slot);
    }

    public void Dispose()
    {
        _commands?.Dispose();
        _upload?.Dispose();
        _readback?.Dispose();
        Buffer.Dispose();
    }

    private ulong ByteOffsetOf(int slot, bool isDenoised)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(slot);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, _slots);
        return (ulong)(slot * _slotSize) + (isDenoised ? _imageSize : 0);
    }

    private CommandBuffer BeginCopy()
    {
        _commands ??= new OneTimeCommands(Vulkan, "sample copies");
        CommandBuffer commands = _commands.Begin();
        Barriers.Memory(
            Vulkan, commands,
            PipelineStageFlags2.ComputeShaderBit, AccessFlags2.ShaderStorageWriteBit,
            PipelineStageFlags2.CopyBit, AccessFlags2.TransferReadBit | AccessFlags2.TransferWriteBit);
        return commands;
    }

    private void EndCopy() => _commands!.EndAndWait();
}
