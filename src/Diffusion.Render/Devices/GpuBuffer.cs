using Diffusion.Render.Devices.Memory;
using Microsoft.Win32.SafeHandles;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>A buffer in memory that the host sees, mapped for good, in imported host memory, or of the device
/// alone.</summary>
/// <remarks>Dispose retires it: it goes once the device is done with what was submitted. Host writes become visible to
/// the device by the next submission (the memory is coherent).</remarks>
internal sealed unsafe class GpuBuffer : IDisposable
{
    private const MemoryPropertyFlags HostMemory =
        MemoryPropertyFlags.HostVisibleBit | MemoryPropertyFlags.HostCoherentBit;

    private readonly OwnedHandles _owned;
    private DeviceMemory _exported;
    private bool _disposed;

    private GpuBuffer(OwnedHandles owned, Silk.NET.Vulkan.Buffer handle, nint mapped, ulong size)
    {
        _owned = owned;
        Handle = handle;
        Mapped = mapped;
        SizeInBytes = size;
    }

    public Silk.NET.Vulkan.Buffer Handle { get; }

    public ulong SizeInBytes { get; }

    /// <summary>Of <see cref="Exported"/>: the whole allocation, which can be larger.</summary>
    public ulong AllocationSizeInBytes { get; private init; }

    /// <summary>The first byte in the host's address space.</summary>
    public nint Mapped { get; }

    /// <summary>A buffer that the host writes and the device reads (device memory where the host sees it).</summary>
    public static GpuBuffer Upload(VulkanDevice device, ulong sizeInBytes, BufferUsageFlags usage, string name)
        => Create(device, sizeInBytes, usage, HostMemory, MemoryPropertyFlags.DeviceLocalBit, name);

    /// <summary>A buffer that the device writes and the host reads (cached memory, else reading crawls).</summary>
    public static GpuBuffer Readback(
        VulkanDevice device, ulong sizeInBytes, string name,
        BufferUsageFlags usage = BufferUsageFlags.TransferDstBit)
        => Create(device, sizeInBytes, usage, HostMemory, MemoryPropertyFlags.HostCachedBit, name);

    /// <summary>A buffer that only the device sees.</summary>
    /// <param name="device">The device.</param>
    /// <param name="sizeInBytes">Size.</param>
    /// <param name="usage">Usage.</param>
    /// <param name="name">For debuggers.</param>
    /// <param name="isShared">Whether both the renderer's queue and the networks' use it, without handing it
    /// over.</param>
    public static GpuBuffer DeviceLocal(
        VulkanDevice device, ulong sizeInBytes, BufferUsageFlags usage, string name, bool isShared = false)
        => Create(device, sizeInBytes, usage, MemoryPropertyFlags.DeviceLocalBit, 0, name, isShared);

    /// <summary>A buffer over the caller's memory, which must outlive it.</summary>
    public static GpuBuffer Import(
        VulkanDevice device, nint address, ulong sizeInBytes, BufferUsageFlags usage, string name)
    {
        var external = new ExternalMemoryBufferCreateInfo
        {
            SType = StructureType.ExternalMemoryBufferCreateInfo,
            HandleTypes = ExternalMemoryHandleTypeFlags.HostAllocationBitExt,
        };
        using var made = new Construction(device);
        Silk.NET.Vulkan.Buffer handle = CreateHandle(device, made, sizeInBytes, usage, &external, name);
        MemoryRequirements requirements;
        device.Api.GetBufferMemoryRequirements(device.Handle, handle, &requirements);
        if (requirements.Size > sizeInBytes)
        {
            throw new VulkanException(
                $"A buffer of {sizeInBytes} bytes takes {requirements.Size} on this device, " +
                "more than the block imported.");
        }

        MemoryRange memory = device.Memory.Import(made, address, sizeInBytes, requirements.MemoryTypeBits, name);
        device.Api.BindBufferMemory(device.Handle, handle, memory.Memory, memory.Offset).Check();
        return new GpuBuffer(made.Complete(), handle, 0, sizeInBytes);
    }

    /// <summary>A buffer of the device's that another API on it imports, in an allocation of its own.</summary>
    public static GpuBuffer Exported(VulkanDevice device, ulong sizeInBytes, BufferUsageFlags usage, string name)
    {
        var external = new ExternalMemoryBufferCreateInfo
        {
            SType = StructureType.ExternalMemoryBufferCreateInfo,
            HandleTypes = ExternalHandles.Memory,
        };
        using var made = new Construction(device);
        Silk.NET.Vulkan.Buffer handle = CreateHandle(device, made, sizeInBytes, usage, &external, name);
        var request = MemoryRequest.Of(device, handle, name);
        MemoryRange memory = device.Memory.AllocateExported(made, request, ExternalHandles.Memory);
        device.Api.BindBufferMemory(device.Handle, handle, memory.Memory, memory.Offset).Check();
        return new GpuBuffer(made.Complete(), handle, memory.Mapped, sizeInBytes)
        {
            _exported = memory.Memory,
            AllocationSizeInBytes = request.Requirements.Size,
        };
    }

    /// <summary>What another API imports of <see cref="Exported"/>.</summary>
    public SafeFileHandle Export(VulkanDevice device) => ExternalHandles.Export(device, _exported);

    /// <summary>The mapped bytes.</summary>
    public Span<T> Span<T>()
        where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new Span<T>((void*)Mapped, checked((int)(SizeInBytes / (ulong)sizeof(T))));
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _owned.Dispose();
        }
    }

    /// <summary>Destroys at once; the caller knows that the device is done with it.</summary>
    public void Close()
    {
        if (!_disposed)
        {
            _disposed = true;
            _owned.Close();
        }
    }

    private static GpuBuffer Create(
        VulkanDevice device, ulong size, BufferUsageFlags usage, MemoryPropertyFlags wanted,
        MemoryPropertyFlags preferred, string name, bool isShared = false)
    {
        using var made = new Construction(device);
        Silk.NET.Vulkan.Buffer handle = CreateHandle(device, made, size, usage, null, name, isShared);
        MemoryRange memory = device.Memory.Allocate(
            made, MemoryRequest.Of(device, handle, name), wanted, preferred);
        device.Api.BindBufferMemory(device.Handle, handle, memory.Memory, memory.Offset).Check();
        return new GpuBuffer(made.Complete(), handle, memory.Mapped, size);
    }

    private static Silk.NET.Vulkan.Buffer CreateHandle(
        VulkanDevice device, Construction owner, ulong size, BufferUsageFlags usage, void* next, string name,
        bool isShared = false)
    {
        uint* families = stackalloc uint[] { device.QueueFamily, device.Compute.Family };
        isShared &= families[0] != families[1];
        var info = new BufferCreateInfo
        {
            SType = StructureType.BufferCreateInfo,
            PNext = next,
            Size = size,
            Usage = usage,
            SharingMode = isShared ? SharingMode.Concurrent : SharingMode.Exclusive,
            QueueFamilyIndexCount = isShared ? 2u : 0,
            PQueueFamilyIndices = families,
        };
        Silk.NET.Vulkan.Buffer handle;
        device.Api.CreateBuffer(device.Handle, &info, device.Allocator, &handle).Check();
        return owner.Own(handle, name);
    }
}
