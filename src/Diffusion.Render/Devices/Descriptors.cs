using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>The few descriptor calls of passes and kernels.</summary>
internal static unsafe class Descriptors
{
    /// <summary>A layout with one descriptor a binding, numbered from 0.</summary>
    public static DescriptorSetLayout CreateLayout(
        VulkanDevice device, ReadOnlySpan<DescriptorType> types, ShaderStageFlags stages)
    {
        DescriptorSetLayoutBinding* bindings = stackalloc DescriptorSetLayoutBinding[types.Length];
        for (int i = 0; i < types.Length; i++)
        {
            bindings[i] = new DescriptorSetLayoutBinding((uint)i, types[i], 1, stages);
        }

        var info = new DescriptorSetLayoutCreateInfo
        {
            SType = StructureType.DescriptorSetLayoutCreateInfo,
            BindingCount = (uint)types.Length,
            PBindings = bindings,
        };
        DescriptorSetLayout layout;
        device.Api.CreateDescriptorSetLayout(device.Handle, &info, device.Allocator, &layout).Check();
        return layout;
    }

    public static PipelineLayout CreatePipelineLayout(
        VulkanDevice device, ReadOnlySpan<DescriptorSetLayout> sets, ShaderStageFlags pushStages, int pushSizeInBytes)
    {
        var range = new PushConstantRange(pushStages, 0, (uint)pushSizeInBytes);
        fixed (DescriptorSetLayout* first = sets)
        {
            var info = new PipelineLayoutCreateInfo
            {
                SType = StructureType.PipelineLayoutCreateInfo,
                SetLayoutCount = (uint)sets.Length,
                PSetLayouts = first,
                PushConstantRangeCount = 1,
                PPushConstantRanges = &range,
            };
            PipelineLayout layout;
            device.Api.CreatePipelineLayout(device.Handle, &info, device.Allocator, &layout).Check();
            return layout;
        }
    }

    /// <summary>A pool for a number of sets that hold one descriptor of each type.</summary>
    public static DescriptorPool CreatePool(VulkanDevice device, ReadOnlySpan<DescriptorType> types, int sets)
    {
        DescriptorPoolSize* sizes = stackalloc DescriptorPoolSize[types.Length];
        for (int i = 0; i < types.Length; i++)
        {
            sizes[i] = new DescriptorPoolSize(types[i], (uint)sets);
        }

        var info = new DescriptorPoolCreateInfo
        {
            SType = StructureType.DescriptorPoolCreateInfo,
            MaxSets = (uint)sets,
            PoolSizeCount = (uint)types.Length,
            PPoolSizes = sizes,
        };
        DescriptorPool pool;
        device.Api.CreateDescriptorPool(device.Handle, &info, device.Allocator, &pool).Check();
        return pool;
    }

    /// <summary>Takes a set; one that lives for a frame only goes without a name, which would allocate.</summary>
    public static DescriptorSet Allocate(
        VulkanDevice device, DescriptorPool pool, DescriptorSetLayout layout, string? name = null)
    {
        var info = new DescriptorSetAllocateInfo
        {
            SType = StructureType.DescriptorSetAllocateInfo,
            DescriptorPool = pool,
            DescriptorSetCount = 1,
            PSetLayouts = &layout,
        };
        DescriptorSet set;
        device.Api.AllocateDescriptorSets(device.Handle, &info, &set).Check();
        if (name is not null)
        {
            device.SetName(ObjectType.DescriptorSet, set.Handle, name);
        }

        return set;
    }

    public static void WriteBuffer(
        VulkanDevice device, DescriptorSet set, uint binding, DescriptorType type, GpuBuffer buffer,
        ulong offset = 0, ulong size = Vk.WholeSize)
    {
        var bufferInfo = new DescriptorBufferInfo(buffer.Handle, offset, size);
        var write = new WriteDescriptorSet
        {
            SType = StructureType.WriteDescriptorSet,
            DstSet = set,
            DstBinding = binding,
            DescriptorCount = 1,
            DescriptorType = type,
            PBufferInfo = &bufferInfo,
        };
        device.Api.UpdateDescriptorSets(device.Handle, 1, &write, 0, null);
    }

    public static void WriteTexture(
        VulkanDevice device, DescriptorSet set, uint binding, ImageView view, Sampler sampler)
        => WriteImage(
            device, set, binding, DescriptorType.CombinedImageSampler,
            new DescriptorImageInfo(sampler, view, ImageLayout.ShaderReadOnlyOptimal));

    public static void WriteImage(
        VulkanDevice device, DescriptorSet set, uint binding, DescriptorType type, DescriptorImageInfo image)
    {
        var write = new WriteDescriptorSet
        {
            SType = StructureType.WriteDescriptorSet,
            DstSet = set,
            DstBinding = binding,
            DescriptorCount = 1,
            DescriptorType = type,
            PImageInfo = &image,
        };
        device.Api.UpdateDescriptorSets(device.Handle, 1, &write, 0, null);
    }
}
