using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Frames;

/// <summary>An RGBA8 (sRGB) image to draw frames into without a window, with readback on request.</summary>
public sealed unsafe class OffscreenTarget : FrameTarget
{
    private readonly VulkanDevice _device;
    private readonly GpuImage _image;
    private readonly GpuBuffer _readback;
    private bool _requested;
    private ulong _readbackValue;
    private bool _disposed;

    /// <summary>Creates the image and a mapped buffer for readback.</summary>
    /// <param name="device">Device.</param>
    /// <param name="width">Width in pixels, 1 up to the device's limit.</param>
    /// <param name="height">Height in pixels, 1 up to the device's limit.</param>
    public OffscreenTarget(VulkanDevice device, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, (int)device.Limits.MaxFramebufferWidth);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(height, (int)device.Limits.MaxFramebufferHeight);
        _device = device;
        Extent = new Extent2D((uint)width, (uint)height);
        SizeInBytes = checked(width * height * 4);
        using var made = new Construction(device);
        _image = made.Own(new GpuImage(
            device, new GpuImageInfo(
                Extent, Format, ImageUsageFlags.ColorAttachmentBit | ImageUsageFlags.TransferSrcBit), "offscreen"));
        _readback = made.Own(GpuBuffer.Readback(device, (ulong)SizeInBytes, "offscreen readback"));
        made.Complete();
    }

    /// <inheritdoc/>
    public override Format Format => Format.R8G8B8A8Srgb;

    /// <inheritdoc/>
    public override Extent2D Extent { get; }

    /// <summary>Bytes of one frame, 4·W·H.</summary>
    public int SizeInBytes { get; }

    /// <summary>Asks that the next frame ended be copied to the host.</summary>
    public void RequestReadback()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _requested = true;
    }

    /// <summary>
    /// Waits for the frame that was asked for and copies it out, rows from the top, RGBA, sRGB-encoded.
    /// </summary>
    /// <param name="rgba">At least <see cref="SizeInBytes"/> bytes.</param>
    /// <exception cref="InvalidOperationException">No frame ended since <see cref="RequestReadback"/>.</exception>
    public void ReadPixels(Span<byte> rgba)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfLessThan(rgba.Length, SizeInBytes);
        if (_requested || _readbackValue == 0)
        {
            throw new InvalidOperationException("ReadPixels needs a frame ended after RequestReadback.");
        }

        _device.Timeline.Wait(_readbackValue);
        _readback.Span<byte>().CopyTo(rgba);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _readback.Dispose();
            _image.Dispose();
        }
    }

    internal override bool TryAcquire(int slot, out Image image, out ImageView view)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        image = _image.Handle;
        view = _image.View;
        return true;
    }

    internal override void RecordBegin(in Frame frame)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);

        // The frame before may still be drawn or copied out: order after both.
        const PipelineStageFlags2 Before = PipelineStageFlags2.ColorAttachmentOutputBit | PipelineStageFlags2.CopyBit;
        Barriers.Transition(
            _device, frame.Commands, frame.Image, ImageUse.Discard(Before, AccessFlags2.ColorAttachmentWriteBit),
            ImageUse.ColourTarget);
    }

    internal override void RecordEnd(in Frame frame)
    {
        if (!_requested)
        {
            return;
        }

        Barriers.Transition(_device, frame.Commands, frame.Image, ImageUse.ColourTarget, ImageUse.CopySource);
        var region = new BufferImageCopy
        {
            ImageSubresource = new ImageSubresourceLayers(ImageAspectFlags.ColorBit, 0, 0, 1),
            ImageExtent = new Extent3D(Extent.Width, Extent.Height, 1),
        };
        _device.Api.CmdCopyImageToBuffer(
            frame.Commands, frame.Image, ImageLayout.TransferSrcOptimal, _readback.Handle, 1, &region);
        Barriers.TransferToHost(_device, frame.Commands);
        _requested = false;
        _readbackValue = frame.Value;
    }
}
