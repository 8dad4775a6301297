using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Scenes;

/// <summary>Depth, and colour of several samples, of the size of the frame; made anew when the frame's size changes.</summary>
internal sealed class SceneAttachments : IDisposable
{
    public const Format DepthFormat = Format.D32Sfloat;

    private readonly VulkanDevice _device;
    private readonly Format _format;
    private GpuImage? _colour;
    private GpuImage? _depth;

    public SceneAttachments(VulkanDevice device, Format format, int samples)
    {
        _device = device;
        _format = format;
        Samples = (SampleCountFlags)samples;
    }

    public SampleCountFlags Samples { get; }

    /// <summary>Several samples of colour, or null when the frame's image is drawn to directly.</summary>
    public GpuImage? Colour => _colour;

    public GpuImage Depth => _depth!;

    public void Fit(Extent2D extent)
    {
        if (_depth is not null && _depth.Extent.Width == extent.Width && _depth.Extent.Height == extent.Height)
        {
            return;
        }

        Dispose();
        _depth = new GpuImage(
            _device,
            new GpuImageInfo(
                extent, DepthFormat, ImageUsageFlags.DepthStencilAttachmentBit | ImageUsageFlags.TransientAttachmentBit)
            {
                Samples = Samples,
                Aspect = ImageAspectFlags.DepthBit,
            },
            "scene depth");
        _colour = Samples == SampleCountFlags.Count1Bit ? null : new GpuImage(
            _device,
            new GpuImageInfo(
                extent, _format, ImageUsageFlags.ColorAttachmentBit | ImageUsageFlags.TransientAttachmentBit)
            {
                Samples = Samples,
            },
            "scene colour");
    }

    public void Dispose()
    {
        _colour?.Dispose();
        _depth?.Dispose();
        _colour = null;
        _depth = null;
    }
}
