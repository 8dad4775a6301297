using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Sharing;

/// <summary>Copies a texture's newest image to the host in each frame, as a reader on the same queue would.</summary>
internal sealed class ReadbackPass(VulkanDevice device, SharedTexture texture) : IFramePass, IDisposable
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
        // The frame before copied to the same buffer.
        Barriers.CopyToCopy(device, commands);
        Commands.CopyToHost(
            device, commands, image.Image, new Extent2D((uint)texture.Width, (uint)texture.Height), _pixels);
        Barriers.Transition(device, commands, image.Image, ImageUse.CopySource, ImageUse.SampledAnywhere);
        texture.ReleaseAfter(image, frame.Value);
    }

    public void Dispose() => _pixels.Dispose();
}
