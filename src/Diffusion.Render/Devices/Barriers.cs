using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>The small vocabulary of barriers.</summary>
internal static unsafe class Barriers
{
    /// <summary>Orders two uses of a colour or depth image and changes its layout.</summary>
    public static void Transition(
        VulkanDevice device, CommandBuffer commands, Image image, in ImageUse from, in ImageUse to,
        uint level = 0, uint levels = Vk.RemainingMipLevels, ImageAspectFlags aspect = ImageAspectFlags.ColorBit)
    {
        var barrier = new ImageMemoryBarrier2
        {
            SType = StructureType.ImageMemoryBarrier2,
            SrcStageMask = from.Stage,
            SrcAccessMask = from.Access,
            DstStageMask = to.Stage,
            DstAccessMask = to.Access,
            OldLayout = from.Layout,
            NewLayout = to.Layout,
            SrcQueueFamilyIndex = Vk.QueueFamilyIgnored,
            DstQueueFamilyIndex = Vk.QueueFamilyIgnored,
            Image = image,
            SubresourceRange = new ImageSubresourceRange(aspect, level, levels, 0, 1),
        };
        var info = new DependencyInfo
        {
            SType = StructureType.DependencyInfo,
            ImageMemoryBarrierCount = 1,
            PImageMemoryBarriers = &barrier,
        };
        device.Api.CmdPipelineBarrier2(commands, &info);
    }

    /// <summary>Orders two uses of buffers.</summary>
    public static void Memory(
        VulkanDevice device, CommandBuffer commands, PipelineStageFlags2 fromStage, AccessFlags2 from,
        PipelineStageFlags2 toStage, AccessFlags2 to)
    {
        var barrier = new MemoryBarrier2
        {
            SType = StructureType.MemoryBarrier2,
            SrcStageMask = fromStage,
            SrcAccessMask = from,
            DstStageMask = toStage,
            DstAccessMask = to,
        };
        var info = new DependencyInfo
        {
            SType = StructureType.DependencyInfo,
            MemoryBarrierCount = 1,
            PMemoryBarriers = &barrier,
        };
        device.Api.CmdPipelineBarrier2(commands, &info);
    }

    /// <summary>Between two dispatches: what the first wrote, the second reads, and may overwrite what it
    /// read.</summary>
    public static void Compute(VulkanDevice device, CommandBuffer commands) => Memory(
        device, commands,
        PipelineStageFlags2.ComputeShaderBit, AccessFlags2.ShaderStorageWriteBit,
        PipelineStageFlags2.ComputeShaderBit, AccessFlags2.ShaderStorageReadBit | AccessFlags2.ShaderStorageWriteBit);

    /// <summary>Takes a part of a buffer from another API for kernels to read: its semaphore was waited for.</summary>
    public static void Acquire(
        VulkanDevice device, CommandBuffer commands, GpuBuffer buffer, ulong offset, ulong size)
        => HandOver(
            device, commands, new BufferMemoryBarrier2
            {
                SType = StructureType.BufferMemoryBarrier2,
                SrcStageMask = PipelineStageFlags2.AllCommandsBit,
                DstStageMask = PipelineStageFlags2.ComputeShaderBit,
                DstAccessMask = AccessFlags2.ShaderStorageReadBit,
                SrcQueueFamilyIndex = Vk.QueueFamilyExternal,
                DstQueueFamilyIndex = device.QueueFamily,
                Buffer = buffer.Handle,
                Offset = offset,
                Size = size,
            });

    /// <summary>Gives back what <see cref="Acquire"/> took.</summary>
    public static void Release(
        VulkanDevice device, CommandBuffer commands, GpuBuffer buffer, ulong offset, ulong size)
        => HandOver(
            device, commands, new BufferMemoryBarrier2
            {
                SType = StructureType.BufferMemoryBarrier2,
                SrcStageMask = PipelineStageFlags2.ComputeShaderBit,
                DstStageMask = PipelineStageFlags2.None,
                SrcQueueFamilyIndex = device.QueueFamily,
                DstQueueFamilyIndex = Vk.QueueFamilyExternal,
                Buffer = buffer.Handle,
                Offset = offset,
                Size = size,
            });

    /// <summary>Orders a copy to a buffer after an earlier one.</summary>
    public static void CopyToCopy(VulkanDevice device, CommandBuffer commands) => Memory(
        device, commands,
        PipelineStageFlags2.CopyBit, AccessFlags2.TransferWriteBit,
        PipelineStageFlags2.CopyBit, AccessFlags2.TransferWriteBit);

    /// <summary>Makes device writes to buffers visible to the host, for a readback.</summary>
    public static void TransferToHost(VulkanDevice device, CommandBuffer commands) => Memory(
        device, commands,
        PipelineStageFlags2.CopyBit, AccessFlags2.TransferWriteBit,
        PipelineStageFlags2.HostBit, AccessFlags2.HostReadBit);

    private static void HandOver(VulkanDevice device, CommandBuffer commands, BufferMemoryBarrier2 barrier)
    {
        var info = new DependencyInfo
        {
            SType = StructureType.DependencyInfo,
            BufferMemoryBarrierCount = 1,
            PBufferMemoryBarriers = &barrier,
        };
        device.Api.CmdPipelineBarrier2(commands, &info);
    }
}
