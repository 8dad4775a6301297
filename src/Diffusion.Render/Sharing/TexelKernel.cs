using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Sharing;

/// <summary>
/// The compute pipelines that turn planar floats into texels; one converter for all textures of a device.
/// </summary>
internal sealed unsafe class PlanarConverter : IDisposable
{
    private const uint GroupSize = 8;

    private static readonly DescriptorType[] _bindingTypes =
        [DescriptorType.StorageBuffer, DescriptorType.StorageImage];

    private readonly VulkanDevice _device;
    private readonly PipelineLayout _layout;
    private readonly Pipeline _pipeline;
    private readonly OwnedHandles _owned;
    private Pipeline _halfPipeline;
    private OwnedHandles? _ownedHalf;

    public PlanarConverter(VulkanDevice device)
    {
        _device = device;
        using var made = new Construction(device);
        SetLayout = made.Own(
            Descriptors.CreateLayout(device, BindingTypes, ShaderStageFlags.ComputeBit), "planar to rgba");
        _layout = made.Own(
            Descriptors.CreatePipelineLayout(
                device, [SetLayout], ShaderStageFlags.ComputeBit, sizeof(PushConstants)),
            "planar to rgba");
        _pipeline = made.Own(CreatePipeline("planar_to_rgba.comp"), "planar to rgba");
        _owned = made.Complete();
    }

    /// <summary>The planes, then the image that they become.</summary>
    public static ReadOnlySpan<DescriptorType> BindingTypes => _bindingTypes;

    public DescriptorSetLayout SetLayout { get; }

    /// <summary>Makes what a format needs, which the first texture of the format waits for.</summary>
    public void Require(SharedTextureFormat format)
    {
        if (format == SharedTextureFormat.Rgba16Float && _ownedHalf is null)
        {
            using var made = new Construction(_device);
            _halfPipeline = made.Own(CreatePipeline("planar_to_half.comp"), "planar to half");
            _ownedHalf = made.Complete();
        }
    }

    /// <summary>Records the conversion of one image; the target stands in the layout for stores.</summary>
    public void Record(
        CommandBuffer commands, DescriptorSet set, Extent2D extent, uint offsetInFloats, SharedTextureFormat format)
    {
        Pipeline pipeline = format == SharedTextureFormat.Rgba16Float ? _halfPipeline : _pipeline;
        _device.Api.CmdBindPipeline(commands, PipelineBindPoint.Compute, pipeline);
        _device.Api.CmdBindDescriptorSets(commands, PipelineBindPoint.Compute, _layout, 0, 1, &set, 0, null);
        var push = new PushConstants(extent.Width, extent.Height, offsetInFloats);
        _device.Api.CmdPushConstants(
            commands, _layout, ShaderStageFlags.ComputeBit, 0, (uint)sizeof(PushConstants), &push);
        _device.Api.CmdDispatch(
            commands, (extent.Width + GroupSize - 1) / GroupSize, (extent.Height + GroupSize - 1) / GroupSize, 1);
    }

    public void Dispose()
    {
        _ownedHalf?.Dispose();
        _owned.Dispose();
    }

    private Pipeline CreatePipeline(string shader)
    {
        using var modules = new Construction(_device);
        ShaderModule module = ShaderLibrary.Load(_device, modules, shader);
        fixed (byte* entry = "main"u8)
        {
            var info = new ComputePipelineCreateInfo
            {
                SType = StructureType.ComputePipelineCreateInfo,
                Layout = _layout,
                Stage = new PipelineShaderStageCreateInfo
                {
                    SType = StructureType.PipelineShaderStageCreateInfo,
                    Stage = ShaderStageFlags.ComputeBit,
                    Module = module,
                    PName = entry,
                },
            };
            Pipeline pipeline;
            _device.Api.CreateComputePipelines(
                _device.Handle, _device.Pipelines.Handle, 1, &info, _device.Allocator, &pipeline).Check();
            return pipeline;
        }
    }

    private readonly record struct PushConstants(uint Width, uint Height, uint Offset);
}
