using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Compute.Kernels;

/// <summary>The compute pipelines of a device, each made once; one layout for all.</summary>
/// <remarks>
/// A network's kernels are dozens, and a driver takes milliseconds to seconds for each: <see cref="Prepare"/> has them
/// made on a thread beside the caller's, in the order of their use. Dispose waits for that thread and retires them. All
/// members belong to one thread.
/// </remarks>
internal sealed unsafe class KernelLibrary : IDisposable
{
    /// <summary>Storage buffers that a kernel may have.</summary>
    public const int BindingCount = 8;

    private static readonly DescriptorType[] _bindingTypes =
        [.. Enumerable.Repeat(DescriptorType.StorageBuffer, BindingCount)];

    private readonly VulkanDevice _device;
    private readonly OwnedHandles _owned;
    private readonly Dictionary<KernelKey, Task<Kernel>> _kernels = [];
    private Task _preparing = Task.CompletedTask;
    private volatile bool _disposed;

    public KernelLibrary(VulkanDevice device)
    {
        _device = device;
        using var made = new Construction(device);
        SetLayout = made.Own(Descriptors.CreateLayout(device, BindingTypes, ShaderStageFlags.ComputeBit), "compute");
        Layout = made.Own(
            Descriptors.CreatePipelineLayout(
                device, [SetLayout], ShaderStageFlags.ComputeBit, PushWords.Capacity * sizeof(uint)),
            "compute");
        _owned = made.Complete();
    }

    /// <summary>A storage buffer at every binding.</summary>
    public static ReadOnlySpan<DescriptorType> BindingTypes => _bindingTypes;

    public DescriptorSetLayout SetLayout { get; }

    public PipelineLayout Layout { get; }

    /// <summary>The pipeline of a kernel; made now, or waited for where it is being prepared.</summary>
    /// <exception cref="VulkanException">It could not be made; asked for again, it is tried again.</exception>
    public Pipeline this[KernelKey key]
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_kernels.TryGetValue(key, out Task<Kernel>? kernel))
            {
                kernel = Task.FromResult(Create(key));
                _kernels.Add(key, kernel);
            }

            try
            {
                return kernel.GetAwaiter().GetResult().Pipeline;
            }
            catch
            {
                _kernels.Remove(key);
                throw;
            }
        }
    }

    /// <summary>Has kernels made that are not there yet; returns at once.</summary>
    /// <remarks>Not where an engine lends its allocator, which is called on the runtime's thread only: there each is
    /// made when first asked for.</remarks>
    public void Prepare(IEnumerable<KernelKey> keys)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_device.Allocator is not null)
        {
            return;
        }

        List<Task<Kernel>> missing = [];
        foreach (KernelKey key in keys)
        {
            var kernel = new Task<Kernel>(() => Create(key));
            if (_kernels.TryAdd(key, kernel))
            {
                missing.Add(kernel);
            }
        }

        if (missing.Count > 0)
        {
            _preparing = _preparing.ContinueWith(
                _ => missing.ForEach(static kernel => kernel.RunSynchronously(TaskScheduler.Default)),
                CancellationToken.None, TaskContinuationOptions.LongRunning, TaskScheduler.Default);
        }
    }

    /// <summary>Whether asking for a kernel does not wait: it is made, failed, or was never to be prepared.</summary>
    public bool IsReady(KernelKey key) => !_kernels.TryGetValue(key, out Task<Kernel>? kernel) || kernel.IsCompleted;

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _preparing.Wait();
        foreach (Task<Kernel> kernel in _kernels.Values)
        {
            if (kernel.IsCompletedSuccessfully)
            {
                kernel.Result.Owned.Dispose();
            }
        }

        _owned.Dispose();
    }

    private Kernel Create(KernelKey key)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var made = new Construction(_device);
        uint* values = stackalloc uint[KernelKey.ConstantCount] { key.C0, key.C1, key.C2, key.C3, key.C4, key.C5 };
        SpecializationMapEntry* entries = stackalloc SpecializationMapEntry[KernelKey.ConstantCount];
        for (uint i = 0; i < KernelKey.ConstantCount; i++)
        {
            entries[i] = new SpecializationMapEntry(i, i * sizeof(uint), sizeof(uint));
        }

        // Entries for constants that a shader lacks are ignored.
        var constants = new SpecializationInfo(
            KernelKey.ConstantCount, entries, KernelKey.ConstantCount * sizeof(uint), values);

        // So that a dispatch can be cut.
        const PipelineCreateFlags Flags = PipelineCreateFlags.CreateDispatchBaseBit;
        Pipeline pipeline = made.Own(
            ComputePipeline.Create(_device, Layout, key.Shader, Flags, &constants, key.Subgroup), key.ToString());
        return new Kernel(pipeline, made.Complete());
    }

    private readonly record struct Kernel(Pipeline Pipeline, OwnedHandles Owned);
}
