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
}
