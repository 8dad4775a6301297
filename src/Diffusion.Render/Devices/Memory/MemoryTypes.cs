using System.Numerics;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices.Memory;

/// <summary>The memory types of a device; several are one set of bits, as Vulkan has it.</summary>
internal sealed unsafe class MemoryTypes
{
    /// <summary>Size of the first block of a kind; validation layers warn of less.</summary>
    public const ulong SmallestBlock = 1 << 20;

    /// <summary>Size that blocks grow to.</summary>
    public const ulong LargestBlock = 64 << 20;

    // A block is at most this part of its heap: some heaps that host and device see have 256 MiB in all.
    private const ulong LeastBlocksOfHeap = 8;

    private readonly PhysicalDeviceMemoryProperties _properties;

    public MemoryTypes(VulkanDevice device)
    {
        PhysicalDeviceMemoryProperties properties;
        device.Api.GetPhysicalDeviceMemoryProperties(device.PhysicalDevice, &properties);
        _properties = properties;
    }

    /// <summary>The kind of memory of the first of some types.</summary>
    public MemoryKind FirstOf(uint types, bool holdsImages)
    {
        int type = BitOperations.TrailingZeroCount(types);
        return new MemoryKind((uint)type, holdsImages, _properties.MemoryTypes[type].PropertyFlags);
    }

    /// <summary>Those of some types that have all of some properties.</summary>
    public uint With(uint types, MemoryPropertyFlags flags)
    {
        uint found = 0;
        for (int i = 0; i < (int)_properties.MemoryTypeCount; i++)
        {
            found |= (_properties.MemoryTypes[i].PropertyFlags & flags) == flags ? 1u << i : 0;
        }

        return found & types;
    }

    /// <summary>As <see cref="With"/>, but there has to be one.</summary>
    /// <exception cref="VulkanException">There is none; the message names the properties and the resource.</exception>
    public uint Require(uint types, MemoryPropertyFlags flags, string name)
    {
        uint found = With(types, flags);
        return found != 0
            ? found
            : throw new VulkanException($"The device has no memory type with {flags} for \"{name}\".");
    }

    /// <summary>How large blocks of a kind become: a power of two.</summary>
    public ulong LargestBlockOf(MemoryKind kind)
    {
        MemoryHeap heap = _properties.MemoryHeaps[(int)_properties.MemoryTypes[(int)kind.Type].HeapIndex];
        return Math.Clamp(
            1ul << BitOperations.Log2(heap.Size / LeastBlocksOfHeap), SmallestBlock, LargestBlock);
    }
}
