using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Sharing;

/// <summary>
/// A compute shader that writes every texel of an image, in a version for each format; one for all textures of a
/// device.
/// </summary>
internal sealed unsafe class TexelKernel : IDisposable
{
    private const uint GroupSize = 8;
    private const int Formats = 2;

    private readonly VulkanDevice _device;
    private readonly string _name;
    private readonly DescriptorType[] _bindingTypes;
    private readonly PipelineLayout _layout;
    private readonly OwnedHandles _owned;
    private readonly Pipeline[] _versions = new Pipeline[Formats];
    private readonly OwnedHandles?[] _ownedVersions = new OwnedHandles?[Formats];

    private TexelKernel(VulkanDevice device, string name, DescriptorType[] bindingTypes, int pushSizeInBytes)
    {
        _device = device;
        _name = name;
        _bindingTypes = bindingTypes;
        using var made = new Construction(device);
        SetLayout = made.Own(Descriptors.CreateLayout(device, bindingTypes, ShaderStageFlags.ComputeBit), name);
        _layout = made.Own(
            Descriptors.CreatePipelineLayout(device, [SetLayout], ShaderStageFlags.ComputeBit, pushSizeInBytes), name);
        _owned = made.Complete();
    }

    /// <summary>Types of the bindings; the image that is written comes last.</summary>
    public ReadOnlySpan<DescriptorType> BindingTypes => _bindingTypes;

    public DescriptorSetLayout SetLayout { get; }

    /// <summary>Planar floats of a buffer (binding 0) to texels (binding 1); takes <see cref="PlanarPush"/>.</summary>
    public static TexelKernel Planar(VulkanDevice device) => new(
        device, "planar", [DescriptorType.StorageBuffer, DescriptorType.StorageImage], sizeof(PlanarPush));

    /// <summary>Two images (bindings 0 and 1) mixed into a third (2); takes <see cref="FadePush"/>.</summary>
    public static TexelKernel Fade(VulkanDevice device) => new(
        device, "fade", [DescriptorType.SampledImage, DescriptorType.SampledImage, DescriptorType.StorageImage],
        sizeof(FadePush));

    /// <summary>Makes the version for a format, which the first texture that needs it waits for.</summary>
    public void Require(SharedTextureFormat format)
    {
        ref OwnedHandles? owned = ref _ownedVersions[(int)format];
        if (owned is null)
        {
            string name = $"{_name}_to_{(format == SharedTextureFormat.Rgba16Float ? "half" : "rgba")}.comp";
            using var made = new Construction(_device);
            _versions[(int)format] = made.Own(ComputePipeline.Create(_device, _layout, name), name);
            owned = made.Complete();
        }
    }

    /// <summary>Records the writing of one image, which stands in the layout for stores.</summary>
    public void Record<TPush>(
        CommandBuffer commands, DescriptorSet set, Extent2D extent, SharedTextureFormat format, TPush push)
        where TPush : unmanaged
    {
        _device.Api.CmdBindPipeline(commands, PipelineBindPoint.Compute, _versions[(int)format]);
        _device.Api.CmdBindDescriptorSets(commands, PipelineBindPoint.Compute, _layout, 0, 1, &set, 0, null);
        _device.Api.CmdPushConstants(
            commands, _layout, ShaderStageFlags.ComputeBit, 0, (uint)sizeof(TPush), &push);
        _device.Api.CmdDispatch(
            commands, (extent.Width + GroupSize - 1) / GroupSize, (extent.Height + GroupSize - 1) / GroupSize, 1);
    }

    public void Dispose()
    {
        foreach (OwnedHandles? version in _ownedVersions)
        {
            version?.Dispose();
        }

        _owned.Dispose();
    }
}
