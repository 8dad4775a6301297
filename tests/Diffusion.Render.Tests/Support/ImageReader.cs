using Diffusion.Render.Devices;
using Diffusion.Render.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Tests.Support;

/// <summary>Copies a level of a shared image to the host, as a foreign reader on the same queue would.</summary>
internal static unsafe class ImageReader
{
    public static byte[] Read(
        VulkanDevice device, in SharedImage image, int width, int height, uint level = 0, int texelSize = 4)
    {
        width = Math.Max(width >> (int)level, 1);
        height = Math.Max(height >> (int)level, 1);
        using GpuBuffer buffer = GpuBuffer.Readback(device, (ulong)(width * height * texelSize), "test readback");
        Image handle = image.Image;
        OneTimeCommands.Run(device, commands =>
        {
            var afterWait = new ImageUse(
                PipelineStageFlags2.AllCommandsBit, AccessFlags2.MemoryWriteBit, ImageLayout.ShaderReadOnlyOptimal);
            Barriers.Transition(device, commands, handle, afterWait, ImageUse.CopySource);
            var region = new BufferImageCopy
            {
                ImageSubresource = new ImageSubresourceLayers(ImageAspectFlags.ColorBit, level, 0, 1),
                ImageExtent = new Extent3D((uint)width, (uint)height, 1),
            };
            device.Api.CmdCopyImageToBuffer(
                commands, handle, ImageLayout.TransferSrcOptimal, buffer.Handle, 1, &region);
            Barriers.Transition(device, commands, handle, ImageUse.CopySource, ImageUse.Sampled);
            Barriers.TransferToHost(device, commands);
        });
        return buffer.Span<byte>().ToArray();
    }
}
