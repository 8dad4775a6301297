using Diffusion.Render.Frames;
using Diffusion.Runtime.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Sharing;

/// <content>What a frame records.</content>
public sealed partial class SharedTexture
{
    /// <summary>
    /// Records the conversion of the newest sample if there is a newer one or <see cref="Display"/> changed, and the
    /// mixture while a change comes in.
    /// </summary>
    /// <remarks>Outside a rendering scope. Never waits: while readers hold all images the old one stays.</remarks>
    /// <param name="commands">The frame's command buffer, submitted before the next call.</param>
    /// <param name="frameValue">The timeline value that the frame signals.</param>
    /// <param name="frameSlot">0 to <see cref="FrameRenderer.FramesInFlight"/> - 1; its last frame is done.</param>
    public void Record(CommandBuffer commands, ulong frameValue, int frameSlot)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_recordedFrame == frameValue)
        {
            return;
        }

        if (_source.Failure is { } failure)
        {
            FallBack(failure);
        }

        ulong completed = _device.Timeline.Completed;
        ReturnLeases(completed);
        int converted = Convert(commands, completed, frameValue, frameSlot);
        if (converted >= 0 && _latest >= 0 && _fade is not null)
        {
            _fade.Begin(_images[_latest], _images[converted]);
        }
        else if (converted >= 0)
        {
            _latest = converted;
        }

        if (_fade is { IsRunning: true })
        {
            Mix(_fade, commands, completed, frameValue, frameSlot);
        }
    }

    // The one frame in which a path fails waits for the conversions before it, for their descriptors change.
    private void FallBack(string failure)
    {
        _device.Timeline.WaitUnlessLost(Math.Min(_recordedFrame, _device.Timeline.Submitted));
        PathReason = $"{SharingPathNames.NameOf(_source.Path)} failed: {failure}";
        _source.Dispose();
        _source = SampleSources.CreateStaging(_device, _ring, Name, Format);
        foreach (ConvertedImage image in _images)
        {
            image.Bind(_source);
        }

        _pass.LogFallback(Name, _source.Path, PathReason);
    }

    // The image that shows what is newest now, or -1 when there is nothing new or no image to write.
    private int Convert(CommandBuffer commands, ulong completed, ulong frameValue, int frameSlot)
    {
        int target = FindFreeImage(completed);
        int pending = Array.FindIndex(_leases, static lease => lease.FrameValue == 0);
        SampleView display = Display;
        bool changed = _converted > 0 && display != _shown;
        if (target < 0 || pending < 0 || !TryTake(changed ? _converted - 1 : _converted, out SampleLease lease))
        {
            return -1;
        }

        uint offset = _source.Prepare(lease, display, frameSlot);
        _images[target].Record(commands, _pass.Converter, _source, offset, lease.Info, frameValue);
        _leases[pending] = new PendingLease(lease, frameValue);
        _converted = lease.Info.Generation;
        _shown = display;
        _recordedFrame = frameValue;
        ConversionCount++;
        return target;
    }

    // What is not ready is kept until it is: the newest of a chain that runs ahead of the device never is.
    private bool TryTake(ulong afterGeneration, out SampleLease lease)
    {
        lease = _awaited.GetValueOrDefault();
        if (_awaited is null && !_ring.TryAcquireLatest(afterGeneration, out lease))
        {
            return false;
        }

        _awaited = _source.IsReady(lease) ? null : lease;
        return _awaited is null;
    }

    private void Mix(CrossFade fade, CommandBuffer commands, ulong completed, ulong frameValue, int frameSlot)
    {
        float weight = fade.Advance(_fadeTime);
        if (weight >= 1f)
        {
            _latest = _images.IndexOf(fade.After!);
            fade.End();
            return;
        }

        int target = weight > 0f ? FindFreeImage(completed) : -1;
        if (target >= 0)
        {
            fade.Record(commands, _images[target], weight, frameValue, frameSlot);
            _latest = target;
            _recordedFrame = frameValue;
        }
    }

    private int FindFreeImage(ulong completed)
    {
        for (int i = 0; i < _images.Count; i++)
        {
            ConvertedImage image = _images[i];
            if (i != _latest && image != _fade?.Before && image != _fade?.After && image.IsFree(completed))
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
}
