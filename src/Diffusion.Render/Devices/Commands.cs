using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>The few calls that make command buffers.</summary>
internal static unsafe class Commands
{
    /// <summary>A pool on the renderer's queue, not yet owned.</summary>
    public static CommandPool CreatePool(VulkanDevice device, CommandPoolCreateFlags flags = 0) =>
        CreatePool(device, device.Main, flags);

    /// <summary>A pool on one of the device's queues, not yet owned.</summary>
    public static CommandPool CreatePool(VulkanDevice device, DeviceQueue queue, CommandPoolCreateFlags flags = 0)
    {
        var info = new CommandPoolCreateInfo
        {
            SType = StructureType.CommandPoolCreateInfo,
            Flags = flags,
            QueueFamilyIndex = queue.Family,
        };
        CommandPool pool;
        device.Api.CreateCommandPool(device.Handle, &info, device.Allocator, &pool).Check();
        return pool;
    }

    /// <summary>Command buffers of a pool, which go with it.</summary>
    public static CommandBuffer[] Allocate(VulkanDevice device, CommandPool pool, int count)
    {
        var info = new CommandBufferAllocateInfo
        {
            SType = StructureType.CommandBufferAllocateInfo,
            CommandPool = pool,
            Level = CommandBufferLevel.Primary,
            CommandBufferCount = (uint)count,
        };
        var commands = new CommandBuffer[count];
        fixed (CommandBuffer* first = commands)
        {
            device.Api.AllocateCommandBuffers(device.Handle, &info, first).Check();
        }

        return commands;
    }

    /// <summary>Begins one; without flags it may be submitted again once its last submission is done.</summary>
    public static void Begin(VulkanDevice device, CommandBuffer commands, CommandBufferUsageFlags flags = 0)
    {
        var begin = new CommandBufferBeginInfo { SType = StructureType.CommandBufferBeginInfo, Flags = flags };
        device.Api.BeginCommandBuffer(commands, &begin).Check();
    }

    /// <summary>Copies the first level of an image to a buffer that the host reads once this is done.</summary>
    /// <param name="device">Device.</param>
    /// <param name="commands">Command buffer.</param>
    /// <param name="image">In the layout of <see cref="ImageUse.CopySource"/>.</param>
    /// <param name="extent">Its size.</param>
    /// <param name="target">Rows from the top, without gaps.</param>
    public static void CopyToHost(
        VulkanDevice device, CommandBuffer commands, Image image, Extent2D extent, GpuBuffer target)
    {
        var region = new BufferImageCopy
        {
            ImageSubresource = new ImageSubresourceLayers(ImageAspectFlags.ColorBit, 0, 0, 1),
            ImageExtent = new Extent3D(extent.Width, extent.Height, 1),
        };
        device.Api.CmdCopyImageToBuffer(
            commands, image, ImageLayout.TransferSrcOptimal, target.Handle, 1, &region);
        Barriers.TransferToHost(device, commands);
    }
}
