using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>Records, submits and waits: for uploads while loading, never in a frame.</summary>
internal sealed unsafe class OneTimeCommands : IDisposable
{
    private readonly VulkanDevice _device;
    private readonly CommandPool _pool;
    private readonly CommandBuffer _commands;
    private readonly OwnedHandles _owned;

    public OneTimeCommands(VulkanDevice device, string name)
    {
        _device = device;
        using var made = new Construction(device);
        var pool = new CommandPoolCreateInfo
        {
            SType = StructureType.CommandPoolCreateInfo,
            QueueFamilyIndex = device.QueueFamily,
            Flags = CommandPoolCreateFlags.ResetCommandBufferBit | CommandPoolCreateFlags.TransientBit,
        };
        CommandPool handle;
        device.Api.CreateCommandPool(device.Handle, &pool, device.Allocator, &handle).Check();
        _pool = made.Own(handle, name);
        var info = new CommandBufferAllocateInfo
        {
            SType = StructureType.CommandBufferAllocateInfo,
            CommandPool = _pool,
            Level = CommandBufferLevel.Primary,
            CommandBufferCount = 1,
        };
        CommandBuffer commands;
        device.Api.AllocateCommandBuffers(device.Handle, &info, &commands).Check();
        _commands = commands;
        _owned = made.Complete();
    }

    /// <summary>Runs what is recorded and waits for it.</summary>
    public void Run(Action<CommandBuffer> record)
    {
        CommandBuffer commands = Begin();
        record(commands);
        EndAndWait();
    }

    /// <summary>Begins recording; allocates nothing.</summary>
    public CommandBuffer Begin()
    {
        var begin = new CommandBufferBeginInfo
        {
            SType = StructureType.CommandBufferBeginInfo,
            Flags = CommandBufferUsageFlags.OneTimeSubmitBit,
        };
        _device.Api.BeginCommandBuffer(_commands, &begin).Check();
        return _commands;
    }

    /// <summary>Runs what was recorded since <see cref="Begin"/> and waits for it; allocates nothing.</summary>
    public void EndAndWait()
    {
        _device.Api.EndCommandBuffer(_commands).Check();
        _device.Timeline.Wait(_device.Submit(_commands));
    }

    public void Dispose() => _owned.Dispose();
}
