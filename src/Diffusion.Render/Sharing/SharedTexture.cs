using Diffusion.Render.Compute.Sampling;
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
public sealed unsafe class SharedTexture : IDisposable
{
    /// <summary>Images in the ring: one shown, one read by the frame before, one to write.</summary>
    public const int ImageCount = FrameRenderer.FramesInFlight + 1;

    private readonly VulkanDevice _device;
    private readonly SharedTexturePass _pass;
    private readonly SampleRing _ring;
    private readonly SampleSource _source;
    private readonly ConvertedImage[] _images = new ConvertedImage[ImageCount];
    private readonly PendingLease[] _leases = new PendingLease[FrameRenderer.FramesInFlight];
    private readonly OwnedHandles _owned;
    private int _latest = -1;
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
        (_source, PathReason) = CreateSource(device, ring, name, path, format);
        if (path is null && _source.Path == SharingPath.Staging)
        {
            pass.LogFallback(Name, _source.Path, PathReason);
        }

        made.Own(_source);
        var extent = new Extent2D((uint)ring.Width, (uint)ring.Height);
        DescriptorSet* sets = stackalloc DescriptorSet[ImageCount];
        CreateSets(made, sets);
        for (int i = 0; i < ImageCount; i++)
        {
            _images[i] = made.Own(new ConvertedImage(device, extent, sets[i], _source, format, $"{name} {i}"));
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
    public string PathReason { get; }

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

    /// <summary>Whether <see cref="Record"/> has a newer sample to convert, or <see cref="Display"/> changed.</summary>
    public bool IsBehind
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            ulong newest = _ring.LatestInfo.Generation;
            return _latest < 0 ? newest > 0 : newest > _images[_latest].Info.Generation || Display != _shown;
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
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(image.Index, ImageCount);
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
    /// Records the conversion of the newest sample if there is a newer one or <see cref="Display"/> changed.
    /// </summary>
    /// <remarks>Outside a rendering scope. Never waits: while readers hold all images the old one stays.</remarks>
    /// <param name="commands">The frame's command buffer, submitted before the next call.</param>
    /// <param name="frameValue">The timeline value that the frame signals.</param>
    /// <param name="frameSlot">0 to <see cref="FrameRenderer.FramesInFlight"/> - 1; its last frame is done.</param>
    public void Record(CommandBuffer commands, ulong frameValue, int frameSlot)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ulong completed = _device.Timeline.Completed;
        ReturnLeases(completed);
        int target = FindFreeImage(completed);
        int pending = Array.FindIndex(_leases, static lease => lease.FrameValue == 0);
        if (target < 0 || pending < 0 || _recordedFrame == frameValue)
        {
            return;
        }

        ulong shown = _latest < 0 ? 0 : _images[_latest].Info.Generation;
        SampleView display = Display;
        bool changed = shown > 0 && display != _shown;
        if (!_ring.TryAcquireLatest(changed ? shown - 1 : shown, out SampleLease lease))
        {
            return;
        }

        uint offset = _source.Prepare(lease, display, frameSlot);
        _images[target].Record(commands, _pass.Converter, _source, offset, lease.Info, frameValue);
        _leases[pending] = new PendingLease(lease, frameValue);
        _latest = target;
        _shown = display;
        _recordedFrame = frameValue;
        ConversionCount++;
    }

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

        // At once and not retired: the caller may free the ring, which the import names, when this returns.
        _source.Dispose();
        foreach (ConvertedImage image in _images)
        {
            image.Dispose();
        }

        _owned.Dispose();
    }

    private static (SampleSource Source, string Reason) CreateSource(
        VulkanDevice device, SampleRing ring, string name, SharingPath? path, SharedTextureFormat format)
    {
        string? notInPlace = InPlaceSource.WhyNot(device, ring);
        string? whyNot = HostImportSource.WhyNot(device, ring);
        if (path == SharingPath.InPlace && notInPlace is not null)
        {
            throw new VulkanException($"\"{name}\" cannot be shared in place: {notInPlace}.");
        }

        if (path == SharingPath.HostImport && whyNot is not null)
        {
            throw new VulkanException($"\"{name}\" cannot be shared by host import: {whyNot}.");
        }

        if (notInPlace is null && path is null or SharingPath.InPlace)
        {
            return (new InPlaceSource((DeviceSamples)ring.Device!), "the chain runs on this device");
        }

        if (path == SharingPath.Staging)
        {
            return (CreateStaging(device, ring, name, format), "staging was asked for");
        }

        if (whyNot is null)
        {
            try
            {
                return (new HostImportSource(device, ring, name), "the device imports host memory");
            }
            catch (VulkanException error) when (path is null)
            {
                whyNot = error.Message;
            }
        }

        return (CreateStaging(device, ring, name, format), $"no host import: {whyNot}");
    }

    private static SampleSource CreateStaging(
        VulkanDevice device, SampleRing ring, string name, SharedTextureFormat format)
        => format == SharedTextureFormat.Rgba8
        ? new StagingSource(device, ring, name)
        : new PlanarStagingSource(device, ring, name);

    private int FindFreeImage(ulong completed)
    {
        for (int i = 0; i < ImageCount; i++)
        {
            if (i != _latest && _images[i].IsFree(completed))
            {
                return i;
            }
        }

        return -1;
    }

    private void ReturnLeases(ulong completed)
    {
        for (int i = 0; i < _leases.Length; i++)
        {
            if (_leases[i].FrameValue != 0 && _leases[i].FrameValue <= completed)
            {
                _ring.Release(_leases[i].Lease);
                _leases[i] = default;
            }
        }
    }

    private void CreateSets(Construction owner, DescriptorSet* sets)
    {
        DescriptorPool pool = owner.Own(
            Descriptors.CreatePool(_device, PlanarConverter.BindingTypes, ImageCount), Name);
        for (int i = 0; i < ImageCount; i++)
        {
            sets[i] = Descriptors.Allocate(_device, pool, _pass.Converter.SetLayout, $"{Name} {i}");
        }
    }

    private readonly record struct PendingLease(SampleLease Lease, ulong FrameValue);
}
