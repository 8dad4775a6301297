using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>Records, submits and waits: for uploads while loading, never in a frame.</summary>
internal sealed class OneTimeCommands : IDisposable
{
    private readonly VulkanDevice _device;
    private readonly CommandBuffer _commands;
    private readonly OwnedHandles _owned;

    public OneTimeCommands(VulkanDevice device, string name)
    {
        _device = device;
        using var made = new Construction(device);
        CommandPool pool = made.Own(
            Commands.CreatePool(
                device, CommandPoolCreateFlags.ResetCommandBufferBit | CommandPoolCreateFlags.TransientBit),
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
        _device.Timeline.Wait(_device.Submit(_commands));
    }

    public void Dispose() => _owned.Dispose();
}
