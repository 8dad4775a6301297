using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Sharing;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Plugin.Runtimes;

/// <summary>Converts new samples into the textures' images: at most one submission a tick, none without news.</summary>
/// <remarks>One thread. Allocates nothing once textures stand.</remarks>
internal sealed class ImagePublisher : IDisposable
{
    private readonly VulkanDevice _device;
    private readonly SharedTexturePass _pass;
    private readonly NoTarget _target = new();
    private readonly FrameRenderer _renderer;
    private readonly ulong[] _values = new ulong[FrameRenderer.FramesInFlight];
    private long _conversionsOfReleased;

    public ImagePublisher(VulkanDevice device)
    {
        _device = device;
        _pass = new SharedTexturePass(device);
        try
        {
            _renderer = new FrameRenderer(device, _target, [_pass]);
        }
        catch
        {
            _pass.Dispose();
            throw;
        }
    }

    /// <summary>Bytes that the CPU copied so far.</summary>
    public long TotalBytesCopied => _pass.TotalBytesCopied;

    /// <summary>Images converted so far.</summary>
    public long ConversionCount
    {
        get
        {
            long count = _conversionsOfReleased;
            foreach (SharedTexture texture in _pass.Textures)
            {
                count += texture.ConversionCount;
            }

            return count;
        }
    }

    public SharedTexture Add(SampleRing ring, string name) => _pass.Add(ring, name);

    public void Remove(SharedTexture texture)
    {
        _conversionsOfReleased += texture.ConversionCount;
        texture.Dispose();
    }

    /// <summary>
    /// Submits the conversion of what is new; while the device is behind, that is left to a later call.
    /// </summary>
    public void Publish()
    {
        ref ulong slot = ref _values[_renderer.FrameCount % FrameRenderer.FramesInFlight];

        // TryBeginFrame would wait for the slot's last frame; a tick never waits for the device.
        if (_pass.IsBehind && _device.Timeline.Completed >= slot && _renderer.TryBeginFrame(out Frame frame))
        {
            _renderer.EndFrame();
            slot = frame.Value;
        }
    }

    /// <summary>Frees textures that are left, pools and pipeline once the device is done.</summary>
    public void Dispose()
    {
        _renderer.Dispose();
        _target.Dispose();
        _pass.Dispose();
    }
}
