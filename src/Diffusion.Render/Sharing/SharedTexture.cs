using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Runtime.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Sharing;

/// <summary>
/// A texture that follows a <see cref="SampleRing"/>: the newest x_t or clean estimate, converted on the device.
/// </summary>
/// <remarks>
/// Three images, so that a frame which converts a newer sample never waits for frames that still read an older one.
/// The chain writes on its thread; everything here belongs to the thread that renders. Created by
/// <see cref="SharedTexturePass.Add"/>; dispose it before the ring, which it borrows.
/// </remarks>
public sealed partial class SharedTexture : IDisposable
{
    /// <summary>Images in the ring: one shown, one read by the frame before, one to write.</summary>
    public const int ImageCount = FrameRenderer.FramesInFlight + 1;

    /// <summary>Images once <see cref="Fade"/> was set: one more to fade to.</summary>
    public const int FadingImageCount = ImageCount + 1;

    private readonly VulkanDevice _device;
    private readonly SharedTexturePass _pass;
    private readonly SampleRing _ring;
    private readonly List<ConvertedImage> _images = [];
    private readonly DescriptorSet[] _sets = new DescriptorSet[FadingImageCount];
    private readonly PendingLease[] _leases = new PendingLease[FrameRenderer.FramesInFlight];
    private readonly OwnedHandles _owned;
    private SampleSource _source;
    private CrossFade? _fade;
    private TimeSpan _fadeTime;
    private SampleLease? _awaited;
    private int _latest = -1;
    private ulong _converted;
    private SampleView _shown;
    private ulong _recordedFrame;
    private bool _disposed;

    internal SharedTexture(
        VulkanDevice device, SharedTexturePass pass, SampleRing ring, string name, SharingPath? path,
        SharedTextureFormat format)
    {
        _device = device;
        Format = format;
        _pass = pass;
        _ring = ring;
        Name = name;
        using var made = new Construction(device);
        (_source, PathReason) = SampleSources.Create(device, ring, name, path, format);
        if (path is null && _source.Path == SharingPath.Staging)
        {
            pass.LogFallback(Name, _source.Path, PathReason);
        }

        made.Own(_source);
        DescriptorPool pool = made.Own(
            Descriptors.CreatePool(device, pass.Converter.BindingTypes, FadingImageCount), name);
        for (int i = 0; i < FadingImageCount; i++)
        {
            _sets[i] = Descriptors.Allocate(device, pool, pass.Converter.SetLayout, $"{name} {i}");
        }

        for (int i = 0; i < ImageCount; i++)
        {
            _images.Add(made.Own(CreateImage(i)));
        }

        _owned = made.Complete();
    }

    /// <summary>Name in timings and debuggers.</summary>
    public string Name { get; }

    /// <summary>Width in pixels.</summary>
    public int Width => _ring.Width;

    /// <summary>Height in pixels.</summary>
    public int Height => _ring.Height;

    /// <summary>How samples reach the device.</summary>
    public SharingPath Path => _source.Path;

    /// <summary>What a texel is.</summary>
    public SharedTextureFormat Format { get; }

    /// <summary>Why this path was taken.</summary>
    public string PathReason { get; private set; }

    /// <summary>Bytes that the CPU copied so far; stays 0 but for <see cref="SharingPath.Staging"/>.</summary>
    public long TotalBytesCopied => _source.TotalBytesCopied;

    /// <summary>Conversions recorded so far.</summary>
    public long ConversionCount { get; private set; }

    /// <summary>Leases that the device still reads: at most <see cref="FrameRenderer.FramesInFlight"/>.</summary>
    public int PendingLeases
    {
        get
        {
            int count = 0;
            foreach (PendingLease pending in _leases)
            {
                count += pending.FrameValue == 0 ? 0 : 1;
            }

            return count;
        }
    }

    /// <summary>Which image of the sample the next frames show; default <see cref="SampleView.Sample"/>.</summary>
    public SampleView Display { get; set; }

    /// <summary>
    /// How long a change of what is shown takes to come in, be it the next step, the other <see cref="Display"/> or a
    /// chain that began anew: until then each frame shows a mixture, in linear light. Default zero, at once.
    /// </summary>
    /// <remarks>By the clock of <see cref="SharedTexturePass"/>. A change on the way begins from what is seen then, so
    /// nothing jumps; under a new sample in every frame the texture lags by about this time. Costs the device a mixture
    /// and its mip levels a frame, and only while something changes. The first value above zero makes an image and, for
    /// the pass's first texture of the format, a pipeline.</remarks>
    public TimeSpan Fade
    {
        get => _fadeTime;
        set
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            if (value > TimeSpan.Zero)
            {
                _fade ??= _pass.CreateFade(this);
                if (_images.Count < FadingImageCount)
                {
                    _images.Add(CreateImage(_images.Count));
                }
            }

            _fadeTime = value;
        }
    }

    /// <summary>Whether <see cref="Record"/> has a newer sample to convert, <see cref="Display"/> changed, or a change
    /// is still coming in.</summary>
    public bool IsBehind
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _ring.LatestInfo.Generation > _converted
                || (_converted > 0 && Display != _shown)
                || _fade is { IsRunning: true };
        }
    }

    internal bool IsDisposed => _disposed;

    /// <summary>The newest image converted.</summary>
    /// <param name="image">The image and when it is readable.</param>
    /// <returns>False before the first conversion.</returns>
    public bool TryGetLatest(out SharedImage image)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_latest < 0)
        {
            image = default;
            return false;
        }

        ConvertedImage latest = _images[_latest];
        image = new SharedImage(
            latest.Handle, latest.View, ImageLayout.ShaderReadOnlyOptimal, _device.Timeline.Semaphore,
            latest.ReadableValue, latest.Info, _latest);
        return true;
    }

    /// <summary>A reader says until when it reads an image; until then the image is not written again.</summary>
    /// <param name="image">An image from <see cref="TryGetLatest"/>.</param>
    /// <param name="timelineValue">The value of the device's timeline after which it no longer reads.</param>
    public void ReleaseAfter(in SharedImage image, ulong timelineValue)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(image.Index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(image.Index, _images.Count);
        ConvertedImage converted = _images[image.Index];
        converted.ReadUntil = Math.Max(converted.ReadUntil, timelineValue);
    }

    /// <summary>
    /// As <see cref="ReleaseAfter(in SharedImage, ulong)"/>, for an engine that counts its frames on a timeline
    /// semaphore
    /// of its own.
    /// </summary>
    /// <remarks>The newest word counts: one timeline at a time for each image.</remarks>
    /// <param name="image">An image from <see cref="TryGetLatest"/>.</param>
    /// <param name="semaphore">A timeline semaphore of the same device; it outlives the texture.</param>
    /// <param name="value">Its value after which the engine no longer reads.</param>
    public void ReleaseAfter(in SharedImage image, Silk.NET.Vulkan.Semaphore semaphore, ulong value)
    {
        ReleaseAfter(image, 0);
        ConvertedImage converted = _images[image.Index];
        converted.ReaderSemaphore = semaphore;
        converted.ReaderValue = value;
    }

    /// <summary>
    /// Keeps an image from being written until <see cref="Unhold"/>: a reader has yet to say until when.
    /// </summary>
    /// <param name="index"><see cref="SharedImage.Index"/>.</param>
    internal void Hold(int index) => _images[index].Holds++;

    /// <summary>Ends a <see cref="Hold"/>.</summary>
    internal void Unhold(int index) => _images[index].Holds--;

    /// <summary>
    /// Waits for the conversions that still read the ring, gives the leases back, retires the images.
    /// </summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _pass.Remove(this);
        _device.Timeline.WaitUnlessLost(Math.Min(_recordedFrame, _device.Timeline.Submitted));
        ReturnLeases(ulong.MaxValue);
        if (_awaited is { } awaited)
        {
            _ring.Release(awaited);
        }

        // At once and not retired: the caller may free the ring, which the import names, when this returns.
        _source.Dispose();
        foreach (ConvertedImage image in _images)
        {
            image.Dispose();
        }

        _fade?.Dispose();
        _owned.Dispose();
    }

    private ConvertedImage CreateImage(int index) => new(
        _device, new Extent2D((uint)Width, (uint)Height), _sets[index], _source, Format, $"{Name} {index}");

    private readonly record struct PendingLease(SampleLease Lease, ulong FrameValue);
}
