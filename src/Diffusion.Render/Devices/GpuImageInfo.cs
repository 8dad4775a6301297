using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>What a <see cref="GpuImage"/> is.</summary>
/// <param name="Extent">Size in pixels.</param>
/// <param name="Format">Format of the image and its view.</param>
/// <param name="Usage">All uses, storage included.</param>
internal readonly record struct GpuImageInfo(Extent2D Extent, Format Format, ImageUsageFlags Usage)
{
    public uint MipLevels { get; init; } = 1;

    public SampleCountFlags Samples { get; init; } = SampleCountFlags.Count1Bit;

    public ImageAspectFlags Aspect { get; init; } = ImageAspectFlags.ColorBit;

    /// <summary>Format of a second view for stores, or <see cref="Format.Undefined"/> for none.</summary>
    public Format StorageFormat { get; init; } = Format.Undefined;
}
