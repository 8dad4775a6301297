using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Scenes;

/// <summary>The samplers of the scene.</summary>
internal static unsafe class Samplers
{
    /// <summary>Repeats, filters between mip levels, and along the slope where the device can.</summary>
    public static Sampler CreateRepeating(VulkanDevice device, MeshPassOptions options)
    {
        var info = new SamplerCreateInfo
        {
            SType = StructureType.SamplerCreateInfo,
            MagFilter = Filter.Linear,
            MinFilter = Filter.Linear,
            MipmapMode = options.BlendsMipLevels ? SamplerMipmapMode.Linear : SamplerMipmapMode.Nearest,
            MaxLod = Vk.LodClampNone,
            AnisotropyEnable = device.HasAnisotropy && options.Anisotropy > 1,
            MaxAnisotropy = Math.Min(options.Anisotropy, device.Limits.MaxSamplerAnisotropy),
        };
        return Create(device, info);
    }

    /// <summary>Compares depths, four at a time, lit outside the map.</summary>
    public static Sampler CreateShadow(VulkanDevice device)
    {
        var info = new SamplerCreateInfo
        {
            SType = StructureType.SamplerCreateInfo,
            MagFilter = Filter.Linear,
            MinFilter = Filter.Linear,
            AddressModeU = SamplerAddressMode.ClampToBorder,
            AddressModeV = SamplerAddressMode.ClampToBorder,
            AddressModeW = SamplerAddressMode.ClampToBorder,
            BorderColor = BorderColor.FloatOpaqueWhite,
            CompareEnable = true,
            CompareOp = CompareOp.LessOrEqual,
        };
        return Create(device, info);
    }

    private static Sampler Create(VulkanDevice device, SamplerCreateInfo info)
    {
        Sampler sampler;
        device.Api.CreateSampler(device.Handle, &info, device.Allocator, &sampler).Check();
        return sampler;
    }
}
