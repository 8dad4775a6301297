using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Scenes;

/// <summary>Begins dynamic rendering over a whole image.</summary>
internal static unsafe class Rendering
{
    /// <param name="device">Device.</param>
    /// <param name="commands">Command buffer.</param>
    /// <param name="extent">Size of the attachments.</param>
    /// <param name="colour">Colour attachment or null.</param>
    /// <param name="depth">Depth attachment or null.</param>
    /// <param name="flipsY">Lets y point up in clip space, as System.Numerics' projections have it.</param>
    public static void Begin(
        VulkanDevice device, CommandBuffer commands, Extent2D extent,
        RenderingAttachmentInfo* colour, RenderingAttachmentInfo* depth, bool flipsY)
    {
        var area = new Rect2D(default, extent);
        var info = new RenderingInfo
        {
            SType = StructureType.RenderingInfo,
            RenderArea = area,
            LayerCount = 1,
            ColorAttachmentCount = colour is null ? 0u : 1u,
            PColorAttachments = colour,
            PDepthAttachment = depth,
        };
        device.Api.CmdBeginRendering(commands, &info);
        Viewport viewport = flipsY
            ? new Viewport(0, extent.Height, extent.Width, -(float)extent.Height, 0, 1)
            : new Viewport(0, 0, extent.Width, extent.Height, 0, 1);
        device.Api.CmdSetViewport(commands, 0, 1, &viewport);
        device.Api.CmdSetScissor(commands, 0, 1, &area);
    }
}
