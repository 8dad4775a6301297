using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>A buffer in memory that the host sees, mapped for good, or in imported host memory.</summary>
/// <remarks>Dispose retires it: it goes once the device is done with what was submitted. Host writes become visible to
/// the device by the next submission (the memory is coherent).</remarks>
internal sealed unsafe class GpuBuffer : IDisposable
{
    private const MemoryPropertyFlags HostMemory = MemoryPropertyFlags.HostVisibleBit | MemoryPropertyFlags.HostCoherentBit;

    private readonly VulkanDevice _device;
    private readonly DeviceMemory _memory;
    private bool _disposed;

    private GpuBuffer(VulkanDevice device, Silk.NET.Vulkan.Buffer handle, DeviceMemory memory, ulong size)
    {
        _device = device;
        _memory = memory;
        Handle = handle;
        SizeInBytes = size;
    }

    public Silk.NET.Vulkan.Buffer Handle { get; }

    public ulong SizeInBytes { get; }

    public nint Mapped => (nint)_memory.Mapped;

    /// <summary>A buffer that the host writes and the device reads (device memory where the host sees it).</summary>
    public static GpuBuffer Upload(VulkanDevice device, ulong sizeInBytes, BufferUsageFlags usage, string name)
        => Create(device, sizeInBytes, usage, HostMemory, MemoryPropertyFlags.DeviceLocalBit, name);

    /// <summary>A buffer that the device writes and the host reads (cached memory, else reading crawls).</summary>
    public static GpuBuffer Readback(VulkanDevice device, ulong sizeInBytes, string name)
        => Create(device, sizeInBytes, BufferUsageFlags.TransferDstBit, HostMemory, MemoryPropertyFlags.HostCachedBit, name);

    /// <summary>A buffer over the caller's memory, which must outlive it.</summary>
    public static GpuBuffer Import(VulkanDevice device, nint address, ulong sizeInBytes, BufferUsageFlags usage, string name)
    {
        var external = new ExternalMemoryBufferCreateInfo
        {
            SType = StructureType.ExternalMemoryBufferCreateInfo,
            HandleTypes = ExternalMemoryHandleTypeFlags.HostAllocationBitExt,
        };
        Silk.NET.Vulkan.Buffer handle = CreateHandle(device, sizeInBytes, usage, &external, name);
        try
        {
            MemoryRequirements requirements;
            device.Api.GetBufferMemoryRequirements(device.Handle, handle, &requirements);
            if (requirements.Size > sizeInBytes)
            {
                throw new VulkanException(
                    $"A buffer of {sizeInBytes} bytes takes {requirements.Size} on this device, more than the block imported.");
            }

            DeviceMemory memory = DeviceMemory.Import(device, address, sizeInBytes, requirements.MemoryTypeBits, name);
            return Bind(device, handle, memory, sizeInBytes);
        }
        catch
        {
            device.Api.DestroyBuffer(device.Handle, handle, null);
            throw;
        }
    }

    /// <summary>The mapped bytes.</summary>
    public Span<T> Span<T>()
        where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new Span<T>(_memory.Mapped, checked((int)(SizeInBytes / (ulong)sizeof(T))));
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _device.Retirement.Retire(_ => Destroy());
        }
    }

    /// <summary>Destroys at once; the caller knows that the device is done with it.</summary>
    public void Close()
    {
        if (!_disposed)
        {
            _disposed = true;
            Destroy();
        }
    }

    private static GpuBuffer Create(
        VulkanDevice device, ulong size, BufferUsageFlags usage, MemoryPropertyFlags wanted, MemoryPropertyFlags preferred,
        string name)
    {
        Silk.NET.Vulkan.Buffer handle = CreateHandle(device, size, usage, null, name);
        try
        {
            MemoryRequirements requirements;
            device.Api.GetBufferMemoryRequirements(device.Handle, handle, &requirements);
            return Bind(device, handle, DeviceMemory.Allocate(device, requirements, wanted, preferred, name), size);
        }
        catch
        {
            device.Api.DestroyBuffer(device.Handle, handle, null);
            throw;
        }
    }

    private static GpuBuffer Bind(VulkanDevice device, Silk.NET.Vulkan.Buffer handle, DeviceMemory memory, ulong size)
    {
        Result result = device.Api.BindBufferMemory(device.Handle, handle, memory.Handle, 0);
        if (result < 0)
        {
            memory.Free(device);
        }

        result.Check("BindBufferMemory");
        return new GpuBuffer(device, handle, memory, size);
    }

    private static Silk.NET.Vulkan.Buffer CreateHandle(
        VulkanDevice device, ulong size, BufferUsageFlags usage, void* next, string name)
    {
        var info = new BufferCreateInfo
        {
            SType = StructureType.BufferCreateInfo,
            PNext = next,
            Size = size,
            Usage = usage,
            SharingMode = SharingMode.Exclusive,
        };
        Silk.NET.Vulkan.Buffer handle;
        device.Api.CreateBuffer(device.Handle, &info, null, &handle).Check();
        device.SetName(ObjectType.Buffer, handle.Handle, name);
        return handle;
    }

    private void Destroy()
    {
        _device.Api.DestroyBuffer(_device.Handle, Handle, null);
        _memory.Free(_device);
    }
}
