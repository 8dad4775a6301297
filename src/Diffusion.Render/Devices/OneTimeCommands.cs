using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>Records, submits and waits: for uploads while loading, never in a frame.</summary>
internal sealed class OneTimeCommands : IDisposable
{
    private readonly VulkanDevice _device;
    private readonly DeviceQueue _queue;
    private readonly CommandBuffer _commands;
    private readonly OwnedHandles _owned;

    /// <param name="device">The device.</param>
    /// <param name="name">Of the pool.</param>
    /// <param name="queue">One of the device's; null takes the renderer's.</param>
    public OneTimeCommands(VulkanDevice device, string name, DeviceQueue? queue = null)
    {
        (_device, _queue) = (device, queue ?? device.Main);
        using var made = new Construction(device);
        CommandPool pool = made.Own(
            Commands.CreatePool(
                device, _queue, CommandPoolCreateFlags.ResetCommandBufferBit | CommandPoolCreateFlags.TransientBit),
            name);
        _commands = Commands.Allocate(device, pool, 1)[0];
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
        Commands.Begin(_device, _commands, CommandBufferUsageFlags.OneTimeSubmitBit);
        return _commands;
    }

    /// <summary>Runs what was recorded since <see cref="Begin"/> and waits for it; allocates nothing.</summary>
    public void EndAndWait()
    {
        _device.Api.EndCommandBuffer(_commands).Check();
        _queue.Timeline.Wait(_queue.Submit(_commands));
    }

    public void Dispose() => _owned.Dispose();
}
