using Diffusion.Render.Devices.Memory;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>
/// What a constructor has made so far; unless it reaches <see cref="Complete"/>, all of it goes again.
/// </summary>
/// <remarks>
/// Held in a <c>using</c>. What is left when it is disposed is destroyed at once, in reverse: no submission can name it
/// yet. A handle is owned before it is named, because naming can fail too.
/// </remarks>
internal sealed class Construction(VulkanDevice device) : IDisposable
{
    private readonly List<IDisposable> _children = [];
    private OwnedHandles _handles = new(device);

    /// <summary>
    /// The object is whole: it owns the handles now, and its fields own the children, as analysers can see.
    /// </summary>
    public OwnedHandles Complete()
    {
        OwnedHandles handles = _handles;
        _handles = new OwnedHandles(device);
        _children.Clear();
        return handles;
    }

    /// <summary>Releases what was made and not completed.</summary>
    public void Dispose()
    {
        for (int i = _children.Count - 1; i >= 0; i--)
        {
            _children[i].Dispose();
        }

        _handles.Close();
    }

    /// <summary>Owns an object that owns handles itself.</summary>
    public T Own<T>(T child)
        where T : class, IDisposable
    {
        _children.Add(child);
        return child;
    }

    public Silk.NET.Vulkan.Semaphore Own(Silk.NET.Vulkan.Semaphore semaphore, string name)
    {
        Add(ObjectType.Semaphore, semaphore.Handle, name);
        return semaphore;
    }

    /// <summary>Owns what the object's buffer or image is bound to.</summary>
    public MemoryRange Own(MemoryRange memory)
    {
        _handles.Add(memory);
        return memory;
    }

    public DeviceMemory Own(DeviceMemory memory, string name)
    {
        Add(ObjectType.DeviceMemory, memory.Handle, name);
        return memory;
    }

    public Silk.NET.Vulkan.Buffer Own(Silk.NET.Vulkan.Buffer buffer, string name)
    {
        Add(ObjectType.Buffer, buffer.Handle, name);
        return buffer;
    }

    public Image Own(Image image, string name)
    {
        Add(ObjectType.Image, image.Handle, name);
        return image;
    }

    public ImageView Own(ImageView view, string name)
    {
        Add(ObjectType.ImageView, view.Handle, name);
        return view;
    }

    public Sampler Own(Sampler sampler, string name)
    {
        Add(ObjectType.Sampler, sampler.Handle, name);
        return sampler;
    }

    public ShaderModule Own(ShaderModule module, string name)
    {
        Add(ObjectType.ShaderModule, module.Handle, name);
        return module;
    }

    public DescriptorSetLayout Own(DescriptorSetLayout layout, string name)
    {
        Add(ObjectType.DescriptorSetLayout, layout.Handle, name);
        return layout;
    }

    public DescriptorPool Own(DescriptorPool pool, string name)
    {
        Add(ObjectType.DescriptorPool, pool.Handle, name);
        return pool;
    }

    public PipelineLayout Own(PipelineLayout layout, string name)
    {
        Add(ObjectType.PipelineLayout, layout.Handle, name);
        return layout;
    }

    public Pipeline Own(Pipeline pipeline, string name)
    {
        Add(ObjectType.Pipeline, pipeline.Handle, name);
        return pipeline;
    }

    public PipelineCache Own(PipelineCache cache, string name)
    {
        Add(ObjectType.PipelineCache, cache.Handle, name);
        return cache;
    }

    public CommandPool Own(CommandPool pool, string name)
    {
        Add(ObjectType.CommandPool, pool.Handle, name);
        return pool;
    }

    public QueryPool Own(QueryPool pool, string name)
    {
        Add(ObjectType.QueryPool, pool.Handle, name);
        return pool;
    }

    public SwapchainKHR Own(SwapchainKHR swapchain, string name)
    {
        Add(ObjectType.SwapchainKhr, swapchain.Handle, name);
        return swapchain;
    }

    private void Add(ObjectType type, ulong handle, string name)
    {
        _handles.Add(type, handle);
        device.SetName(type, handle, name);
    }
}
