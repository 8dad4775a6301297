using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Sharing;

/// <summary>Copies a texture's newest image to the host in each frame, as a reader on the same queue would.</summary>
internal sealed unsafe class ReadbackPass(VulkanDevice device, SharedTexture texture) : IFramePass, IDisposable
{
    private readonly GpuBuffer _pixels = GpuBuffer.Readback(
        device, (ulong)texture.Width * (ulong)texture.Height * 4, $"{texture.Name} readback");

    public string Name => "readback";

    /// <summary>RGBA of the last frame, which is done.</summary>
    public ReadOnlySpan<byte> Pixels => _pixels.Span<byte>();

    public void Begin(in Frame frame)
    {
    }

    public void Record(in Frame frame)
    {
        if (!texture.TryGetLatest(out SharedImage image))
        {
            return;
        }

        CommandBuffer commands = frame.Commands;
        Barriers.Transition(device, commands, image.Image, ImageUse.SampledAnywhere, ImageUse.CopySource);
        var region = new BufferImageCopy
        {
            ImageSubresource = new ImageSubresourceLayers(ImageAspectFlags.ColorBit, 0, 0, 1),
            ImageExtent = new Extent3D((uint)texture.Width, (uint)texture.Height, 1),
        };

        // The frame before copied to the same buffer.
        Barriers.CopyToCopy(device, commands);
        device.Api.CmdCopyImageToBuffer(
            commands, image.Image, ImageLayout.TransferSrcOptimal, _pixels.Handle, 1, &region);
        Barriers.Transition(device, commands, image.Image, ImageUse.CopySource, ImageUse.SampledAnywhere);
        Barriers.TransferToHost(device, commands);
        texture.ReleaseAfter(image, frame.Value);
    }

    public void Dispose() => _pixels.Dispose();
}
