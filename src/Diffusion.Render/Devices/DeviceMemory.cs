using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>One allocation for one resource, mapped for good when the host may see it.</summary>
/// <remarks>The few dozen resources here stay far from maxMemoryAllocationCount (4096 at least), so a sub-allocator
/// would only add fragmentation to reason about. Freed with the resource whose handles own it.</remarks>
internal sealed unsafe class DeviceMemory
{
    private DeviceMemory(Silk.NET.Vulkan.DeviceMemory handle, ulong sizeInBytes, void* mapped)
    {
        Handle = handle;
        SizeInBytes = sizeInBytes;
        Mapped = mapped;
    }

    public Silk.NET.Vulkan.DeviceMemory Handle { get; }

    public ulong SizeInBytes { get; }

    /// <summary>The mapping, or null for memory that only the device sees.</summary>
    public void* Mapped { get; }

    /// <summary>
    /// Allocates; all <paramref name="wanted"/> must be there, <paramref name="preferred"/> if possible.
    /// </summary>
    public static DeviceMemory Allocate(
        VulkanDevice device, Construction owner, in MemoryRequirements requirements, MemoryPropertyFlags wanted,
        MemoryPropertyFlags preferred, string name)
    {
        uint type = FindType(device, requirements.MemoryTypeBits, wanted, preferred, name);
        var info = new MemoryAllocateInfo
        {
            SType = StructureType.MemoryAllocateInfo,
            AllocationSize = requirements.Size,
            MemoryTypeIndex = type,
        };
        return Create(
            device, owner, &info, wanted.HasFlag(MemoryPropertyFlags.HostVisibleBit), name, (long)requirements.Size);
    }

    /// <summary>Imports host memory without copying it.</summary>
    /// <param name="device">Device with VK_EXT_external_memory_host.</param>
    /// <param name="owner">Owns the import, never the memory itself.</param>
    /// <param name="address">Address, a multiple of the device's minImportedHostPointerAlignment.</param>
    /// <param name="sizeInBytes">Size, a multiple of the same.</param>
    /// <param name="typeBits">Memory types that the buffer accepts.</param>
    /// <param name="name">Debug name.</param>
    public static DeviceMemory Import(
        VulkanDevice device, Construction owner, nint address, ulong sizeInBytes, uint typeBits, string name)
    {
        var properties = new MemoryHostPointerPropertiesEXT { SType = StructureType.MemoryHostPointerPropertiesExt };
        device.Functions.GetMemoryHostPointerProperties(device.Handle, (void*)address, &properties)
            .Check("GetMemoryHostPointerPropertiesEXT");

        // Coherent, so that a queue submission alone makes the host's earlier writes visible.
        uint type = FindType(
            device, typeBits & properties.MemoryTypeBits,
            MemoryPropertyFlags.HostVisibleBit | MemoryPropertyFlags.HostCoherentBit, 0, name);
        var import = new ImportMemoryHostPointerInfoEXT
        {
            SType = StructureType.ImportMemoryHostPointerInfoExt,
            HandleType = ExternalMemoryHandleTypeFlags.HostAllocationBitExt,
            PHostPointer = (void*)address,
        };
        var info = new MemoryAllocateInfo
        {
            SType = StructureType.MemoryAllocateInfo,
            PNext = &import,
            AllocationSize = sizeInBytes,
            MemoryTypeIndex = type,
        };
        return Create(device, owner, &info, map: false, name, ownBytes: 0);
    }

    private static DeviceMemory Create(
        VulkanDevice device, Construction owner, MemoryAllocateInfo* info, bool map, string name, long ownBytes)
    {
        Silk.NET.Vulkan.DeviceMemory handle;
        device.Api.AllocateMemory(device.Handle, info, device.Allocator, &handle).Check();
        device.Allocations.Add(handle.Handle, name, ownBytes);
        owner.Own(handle, name);
        void* mapped = null;
        if (map)
        {
            device.Api.MapMemory(device.Handle, handle, 0, Vk.WholeSize, 0, &mapped).Check();
        }

        return new DeviceMemory(handle, info->AllocationSize, mapped);
    }

    private static uint FindType(
        VulkanDevice device, uint typeBits, MemoryPropertyFlags wanted, MemoryPropertyFlags preferred, string name)
    {
        PhysicalDeviceMemoryProperties properties;
        device.Api.GetPhysicalDeviceMemoryProperties(device.PhysicalDevice, &properties);
        int fallback = -1;
        for (int i = 0; i < (int)properties.MemoryTypeCount; i++)
        {
            MemoryPropertyFlags flags = properties.MemoryTypes[i].PropertyFlags;
            if ((typeBits & (1u << i)) == 0 || (flags & wanted) != wanted)
            {
                continue;
            }

            if ((flags & preferred) == preferred)
            {
                return (uint)i;
            }

            fallback = fallback < 0 ? i : fallback;
        }

        return fallback >= 0
            ? (uint)fallback
            : throw new VulkanException($"The device has no memory type with {wanted} for \"{name}\".");
    }
}
