using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Scenes;

/// <summary>
/// Depth, and colour of several samples, of the size of the frame; made anew when the frame's size changes.
/// </summary>
internal sealed class SceneAttachments : IDisposable
{
    public const Format DepthFormat = Format.D32Sfloat;

    private readonly VulkanDevice _device;
    private readonly Format _format;
    private GpuImage? _colour;
    private GpuImage? _depth;
    private Extent2D _extent;

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
        if (_extent.Width == extent.Width && _extent.Height == extent.Height)
        {
            return;
        }

        Dispose();
        using var made = new Construction(_device);
        _depth = made.Own(new GpuImage(
            _device,
            new GpuImageInfo(
                extent, DepthFormat, ImageUsageFlags.DepthStencilAttachmentBit | ImageUsageFlags.TransientAttachmentBit)
            {
                Samples = Samples,
                Aspect = ImageAspectFlags.DepthBit,
            },
            "scene depth"));
        _colour = Samples == SampleCountFlags.Count1Bit ? null : made.Own(new GpuImage(
            _device,
            new GpuImageInfo(
                extent, _format, ImageUsageFlags.ColorAttachmentBit | ImageUsageFlags.TransientAttachmentBit)
            {
                Samples = Samples,
            },
            "scene colour"));
        made.Complete();
        _extent = extent;
    }

    public void Dispose()
    {
        _colour?.Dispose();
        _depth?.Dispose();
        _colour = null;
        _depth = null;
        _extent = default;
    }
}
