using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices.Memory;

/// <summary>Memory allocated at once; mapped for good where the host sees it and buffers lie in it.</summary>
internal sealed unsafe class MemoryBlock
{
    private readonly OwnedHandles _owned;

    /// <param name="device">The device.</param>
    /// <param name="handle">What was allocated; freed too when this fails.</param>
    /// <param name="kind">What it is for.</param>
    /// <param name="sizeInBytes">Its size.</param>
    /// <param name="user">What uses it.</param>
    /// <param name="name">Debug name.</param>
    public MemoryBlock(
        VulkanDevice device, DeviceMemory handle, MemoryKind kind, ulong sizeInBytes, MemoryUser user, string name)
    {
        Handle = handle;
        Kind = kind;
        User = user;
        Free = new FreeRanges(sizeInBytes);
        using var made = new Construction(device);
        made.Own(handle, name);
        bool isVisible = kind.Properties.HasFlag(MemoryPropertyFlags.HostVisibleBit);
        if (isVisible && !kind.HoldsImages && user != MemoryUser.Host)
        {
            void* mapped = null;
            device.Api.MapMemory(device.Handle, handle, 0, Vk.WholeSize, 0, &mapped).Check();
            Mapped = (nint)mapped;
        }

        _owned = made.Complete();
    }

    public DeviceMemory Handle { get; }

    public MemoryKind Kind { get; }

    public MemoryUser User { get; }

    public FreeRanges Free { get; }

    /// <summary>The first byte in the host's address space, or 0.</summary>
    public nint Mapped { get; }

    /// <summary>What it takes of the device's heaps: nothing where it is the host's.</summary>
    public long OwnSizeInBytes => User == MemoryUser.Host ? 0 : (long)Free.SizeInBytes;

    /// <summary>Gives it back to the driver; nothing is bound to it.</summary>
    public void Close() => _owned.Close();
}
