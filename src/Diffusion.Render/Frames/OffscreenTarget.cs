using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Frames;

/// <summary>An RGBA8 (sRGB) image to draw frames into without a window, with readback on request.</summary>
public sealed class OffscreenTarget : FrameTarget
{
    private readonly VulkanDevice _device;
    private GpuImage _image;
    private GpuBuffer _readback;
    private Extent2D _extent;
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
        RequireSize(device, width, height);
        _device = device;
        _extent = new Extent2D((uint)width, (uint)height);
        (_image, _readback) = Create(_extent);
    }

    /// <inheritdoc/>
    public override Format Format => Format.R8G8B8A8Srgb;

    /// <inheritdoc/>
    public override Extent2D Extent => _extent;

    /// <summary>Bytes of one frame, 4·W·H.</summary>
    public int SizeInBytes => (int)(_extent.Width * _extent.Height * 4);

    /// <summary>Gives the frames to come another size; what was not read back is lost.</summary>
    /// <remarks>Between frames. The old image goes when the device is done with it: nothing waits.</remarks>
    /// <param name="width">Width in pixels, 1 up to the device's limit.</param>
    /// <param name="height">Height in pixels, 1 up to the device's limit.</param>
    public void Resize(int width, int height)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        RequireSize(_device, width, height);
        var extent = new Extent2D((uint)width, (uint)height);
        (GpuImage image, GpuBuffer readback) = Create(extent);
        _image.Dispose();
        _readback.Dispose();
        (_image, _readback, _extent) = (image, readback, extent);
        _requested = false;
        _readbackValue = 0;
    }

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
        Commands.CopyToHost(_device, frame.Commands, frame.Image, Extent, _readback);
        _requested = false;
        _readbackValue = frame.Value;
    }

    private static void RequireSize(VulkanDevice device, int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, (int)device.Limits.MaxFramebufferWidth);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(height, (int)device.Limits.MaxFramebufferHeight);
        _ = checked(width * height * 4);
    }

    private (GpuImage Image, GpuBuffer Readback) Create(Extent2D extent)
    {
        using var made = new Construction(_device);
        GpuImage image = made.Own(new GpuImage(
            _device, new GpuImageInfo(
                extent, Format, ImageUsageFlags.ColorAttachmentBit | ImageUsageFlags.TransferSrcBit), "offscreen"));
        GpuBuffer readback = made.Own(GpuBuffer.Readback(
            _device, (ulong)extent.Width * extent.Height * 4, "offscreen readback"));
        made.Complete();
        return (image, readback);
    }
}
