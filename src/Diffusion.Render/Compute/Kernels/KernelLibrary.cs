using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Compute.Kernels;

/// <summary>The compute pipelines of a device, each made when first asked for; one layout for all.</summary>
/// <remarks>Dispose retires them. One thread.</remarks>
internal sealed unsafe class KernelLibrary : IDisposable
{
    /// <summary>Storage buffers that a kernel may have.</summary>
    public const int BindingCount = 8;

    private static readonly DescriptorType[] _bindingTypes =
        [.. Enumerable.Repeat(DescriptorType.StorageBuffer, BindingCount)];

    private readonly VulkanDevice _device;
    private readonly OwnedHandles _owned;
    private readonly Dictionary<KernelKey, (Pipeline Pipeline, OwnedHandles Owned)> _pipelines = [];
    private bool _disposed;

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

    /// <summary>The pipeline of a kernel.</summary>
    public Pipeline this[KernelKey key]
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_pipelines.TryGetValue(key, out var entry))
            {
                entry = Create(key);
                _pipelines.Add(key, entry);
            }

            return entry.Pipeline;
        }
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        foreach ((Pipeline _, OwnedHandles owned) in _pipelines.Values)
        {
            owned.Dispose();
        }

        _owned.Dispose();
    }

    private (Pipeline Pipeline, OwnedHandles Owned) Create(KernelKey key)
    {
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
            ComputePipeline.Create(_device, Layout, key.Shader, Flags, &constants), key.ToString());
        return (pipeline, made.Complete());
    }
}
