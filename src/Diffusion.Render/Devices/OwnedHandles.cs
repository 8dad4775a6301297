using Diffusion.Render.Devices.Memory;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>The handles that an object has made, in order; they are destroyed together, in reverse.</summary>
internal sealed unsafe class OwnedHandles(VulkanDevice device) : IDisposable
{
    private readonly List<(ObjectType Type, ulong Handle)> _handles = [];
    private ulong _memory;

    public void Add(ObjectType type, ulong handle) => _handles.Add((type, handle));

    /// <summary>Adds what one of the handles is bound to: it goes last, when nothing can name it.</summary>
    public void Add(MemoryRange memory) => _memory = _memory == 0
        ? memory.Id
        : throw new InvalidOperationException("An object has memory for one resource.");

    /// <summary>Destroys them once the device is done with what was submitted.</summary>
    public void Dispose()
    {
        if (_handles.Count > 0)
        {
            device.Retirement.Retire(_ => Close());
        }
    }

    /// <summary>Destroys them at once; the caller knows that the device is done with them.</summary>
    public void Close()
    {
        for (int i = _handles.Count - 1; i >= 0; i--)
        {
            Destroy(_handles[i].Type, _handles[i].Handle);
        }

        _handles.Clear();
        if (_memory != 0)
        {
            device.Memory.Free(_memory);
            _memory = 0;
        }
    }

    private void Destroy(ObjectType type, ulong handle)
    {
        Vk api = device.Api;
        Device owner = device.Handle;
        switch (type)
        {
            case ObjectType.Semaphore:
                api.DestroySemaphore(owner, new(handle), device.Allocator);
                break;
            case ObjectType.DeviceMemory:
                api.FreeMemory(owner, new(handle), device.Allocator);
                break;
            case ObjectType.Buffer:
                api.DestroyBuffer(owner, new(handle), device.Allocator);
                break;
            case ObjectType.Image:
                api.DestroyImage(owner, new(handle), device.Allocator);
                break;
            case ObjectType.ImageView:
                api.DestroyImageView(owner, new(handle), device.Allocator);
                break;
            case ObjectType.Sampler:
                api.DestroySampler(owner, new(handle), device.Allocator);
                break;
            case ObjectType.ShaderModule:
                api.DestroyShaderModule(owner, new(handle), device.Allocator);
                break;
            case ObjectType.DescriptorSetLayout:
                api.DestroyDescriptorSetLayout(owner, new(handle), device.Allocator);
                break;
            case ObjectType.DescriptorPool:
                api.DestroyDescriptorPool(owner, new(handle), device.Allocator);
                break;
            case ObjectType.PipelineLayout:
                api.DestroyPipelineLayout(owner, new(handle), device.Allocator);
                break;
            case ObjectType.Pipeline:
                api.DestroyPipeline(owner, new(handle), device.Allocator);
                break;
            case ObjectType.PipelineCache:
                api.DestroyPipelineCache(owner, new(handle), device.Allocator);
                break;
            case ObjectType.CommandPool:
                api.DestroyCommandPool(owner, new(handle), device.Allocator);
                break;
            case ObjectType.QueryPool:
                api.DestroyQueryPool(owner, new(handle), device.Allocator);
                break;
            case ObjectType.SwapchainKhr:
                device.Functions.DestroySwapchain(owner, new(handle));
                break;
            default:
                throw new InvalidOperationException($"Nothing here makes a {type}.");
        }
    }
}
