using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Frames;

/// <summary>What one of the frames in flight records with.</summary>
internal sealed class FrameSlot : IDisposable
{
    private readonly OwnedHandles _owned;

    public FrameSlot(VulkanDevice device, IReadOnlyList<IFramePass> passes, string name)
    {
        using var made = new Construction(device);
        Pool = made.Own(Devices.Commands.CreatePool(device, CommandPoolCreateFlags.TransientBit), name);
        Commands = Devices.Commands.Allocate(device, Pool, 1)[0];
        device.SetName(ObjectType.CommandBuffer, (ulong)Commands.Handle, name);
        Timer = made.Own(new PassTimer(device, passes, name));
        _owned = made.Complete();
    }

    public CommandPool Pool { get; }

    public CommandBuffer Commands { get; }

    public PassTimer Timer { get; }

    /// <summary>Timeline value of the slot's last frame, 0 before the first.</summary>
    public ulong Value { get; set; }

    public void Dispose()
    {
        Timer.Dispose();
        _owned.Dispose();
    }
}
