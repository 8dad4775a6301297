using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Compute.Weights;

/// <summary>Moves packed weights into a buffer of the device, through staging of bounded size.</summary>
internal static unsafe class WeightUpload
{
    private const long StagingSizeInBytes = 32 << 20;

    /// <summary>Uploads all; waits for the device.</summary>
    /// <returns>The buffer, the caller's to dispose.</returns>
    public static GpuBuffer Run(VulkanDevice device, WeightLayout layout, WeightFile file)
    {
        long capacity = Math.Max(
            Math.Min(StagingSizeInBytes, layout.SizeInBytes), layout.Weights.Max(weight => weight.SizeInBytes));
        using var made = new Construction(device);
        GpuBuffer buffer = made.Own(GpuBuffer.DeviceLocal(
            device, (ulong)layout.SizeInBytes,
            BufferUsageFlags.StorageBufferBit | BufferUsageFlags.TransferDstBit, "weights"));
        using GpuBuffer staging = GpuBuffer.Upload(
            device, (ulong)capacity, BufferUsageFlags.TransferSrcBit, "weight staging");
        using var commands = new OneTimeCommands(device, "weight upload", device.Compute);
        long start = 0;
        long end = 0;
        foreach (PackedWeight weight in layout.Weights)
        {
            if (weight.Offset + weight.SizeInBytes - start > capacity)
            {
                Copy(start, end);
                start = weight.Offset;
            }

            Span<byte> target = staging.Span<byte>().Slice((int)(weight.Offset - start), (int)weight.SizeInBytes);
            target.Clear();
            file.Pack(weight, target);
            end = weight.Offset + weight.SizeInBytes;
        }

        Copy(start, end);
        _ = made.Complete();
        return buffer;

        void Copy(long from, long to) => commands.Run(recorded =>
        {
            var region = new BufferCopy(0, (ulong)from, (ulong)(to - from));
            device.Api.CmdCopyBuffer(recorded, staging.Handle, buffer.Handle, 1, &region);
            Barriers.Memory(
                device, recorded,
                PipelineStageFlags2.CopyBit, AccessFlags2.TransferWriteBit,
                PipelineStageFlags2.ComputeShaderBit, AccessFlags2.ShaderStorageReadBit);
        });
    }
}
