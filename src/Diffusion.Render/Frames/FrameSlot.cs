using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Frames;

/// <summary>What one of the frames in flight records with.</summary>
internal sealed unsafe class FrameSlot : IDisposable
{
    private readonly VulkanDevice _device;

    public FrameSlot(VulkanDevice device, IReadOnlyList<IFramePass> passes, string name)
    {
        _device = device;
        var poolInfo = new CommandPoolCreateInfo
        {
            SType = StructureType.CommandPoolCreateInfo,
            Flags = CommandPoolCreateFlags.TransientBit,
            QueueFamilyIndex = device.QueueFamily,
        };
        CommandPool pool;
        device.Api.CreateCommandPool(device.Handle, &poolInfo, null, &pool).Check();
        Pool = pool;
        device.SetName(ObjectType.CommandPool, pool.Handle, name);
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
        Timer = new PassTimer(device, passes, name);
    }

    public CommandPool Pool { get; }

    public CommandBuffer Commands { get; }

    public PassTimer Timer { get; }

    /// <summary>Timeline value of the slot's last frame, 0 before the first.</summary>
    public ulong Value { get; set; }

    public void Dispose()
    {
        Timer.Dispose();
        CommandPool pool = Pool;
        _device.Retirement.Retire(device => device.Api.DestroyCommandPool(device.Handle, pool, null));
    }
}
