using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>The few calls that make command buffers which are recorded once and submitted often.</summary>
internal static unsafe class Commands
{
    /// <summary>A pool on the device's queue, not yet owned.</summary>
    public static CommandPool CreatePool(VulkanDevice device)
    {
        var info = new CommandPoolCreateInfo
        {
            SType = StructureType.CommandPoolCreateInfo,
            QueueFamilyIndex = device.QueueFamily,
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

    /// <summary>Begins one; it may be submitted again once its last submission is done, or with <paramref
    /// name="isReentrant"/> before.</summary>
    public static void Begin(VulkanDevice device, CommandBuffer commands, bool isReentrant = false)
    {
        var begin = new CommandBufferBeginInfo
        {
            SType = StructureType.CommandBufferBeginInfo,
            Flags = isReentrant ? CommandBufferUsageFlags.SimultaneousUseBit : 0,
        };
        device.Api.BeginCommandBuffer(commands, &begin).Check();
    }
}
