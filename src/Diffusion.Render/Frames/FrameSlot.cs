using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Frames;

/// <summary>What one of the frames in flight records with.</summary>
internal sealed unsafe class FrameSlot : IDisposable
{
    private readonly OwnedHandles _owned;

    public FrameSlot(VulkanDevice device, IReadOnlyList<IFramePass> passes, string name)
    {
        var poolInfo = new CommandPoolCreateInfo
        {
            SType = StructureType.CommandPoolCreateInfo,
            Flags = CommandPoolCreateFlags.TransientBit,
            QueueFamilyIndex = device.QueueFamily,
        };
        using var made = new Construction(device);
        CommandPool pool;
        device.Api.CreateCommandPool(device.Handle, &poolInfo, device.Allocator, &pool).Check();
        Pool = made.Own(pool, name);
        var info = new CommandBufferAllocateInfo
        {
            SType = StructureType.CommandBufferAllocateInfo,
            CommandPool = pool,
            Level = CommandBufferLevel.Primary,
            CommandBufferCount = 1,
        };
        CommandBuffer commands;
        device.Api.AllocateCommandBuffers(device.Handle, &info, &commands).Check();
        Commands = commands;
        device.SetName(ObjectType.CommandBuffer, (ulong)commands.Handle, name);
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
