using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Sharing;

/// <summary>
/// The pass that brings all shared textures of a device up to date; it stands before the passes that sample them.
/// </summary>
/// <remarks>One thread, the one that renders. Disposes the textures that are left.</remarks>
public sealed class SharedTexturePass : IFramePass, IDisposable
{
    private readonly VulkanDevice _device;
    private readonly List<SharedTexture> _textures = [];
    private readonly HashSet<string> _reasonsLogged = [];
    private readonly TimeProvider _time;
    private TexelKernel? _fader;
    private long _bytesCopiedByRemoved;
    private bool _disposed;

    /// <summary>Creates the conversion pipeline.</summary>
    /// <param name="device">Device.</param>
    /// <param name="time">The clock of <see cref="SharedTexture.Fade"/>, such as a game's that can stand still; null
    /// for the wall's.</param>
    public SharedTexturePass(VulkanDevice device, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        _device = device;
        _time = time ?? TimeProvider.System;
        using var made = new Construction(device);
        Converter = made.Own(TexelKernel.Planar(device));
        Converter.Require(SharedTextureFormat.Rgba8);
        made.Complete();
    }

    /// <inheritdoc/>
    public string Name => "textures";

    /// <summary>The textures in the order they were added.</summary>
    public IReadOnlyList<SharedTexture> Textures => _textures;

    /// <summary>Bytes that the CPU copied so far for all textures ever added.</summary>
    public long TotalBytesCopied
    {
        get
        {
            long total = _bytesCopiedByRemoved;
            foreach (SharedTexture texture in _textures)
            {
                total += texture.TotalBytesCopied;
            }

            return total;
        }
    }

    /// <summary>Whether any texture has something newer to show: else a frame without other passes can be left
    /// out.</summary>
    public bool IsBehind
    {
        get
        {
            foreach (SharedTexture texture in _textures)
            {
                if (texture.IsBehind)
                {
                    return true;
                }
            }

            return false;
        }
    }

    internal TexelKernel Converter { get; }

    /// <summary>Makes a texture that follows a ring.</summary>
    /// <param name="ring">Borrowed until the texture is disposed.</param>
    /// <param name="name">Name in debuggers.</param>
    /// <param name="path">A path to insist on; null takes the best that works here.</param>
    /// <param name="format">What a texel is.</param>
    /// <exception cref="VulkanException">The path insisted on does not work here; the message says why.</exception>
    public SharedTexture Add(
        SampleRing ring, string name, SharingPath? path = null,
        SharedTextureFormat format = SharedTextureFormat.Rgba8)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(ring);
        ArgumentException.ThrowIfNullOrEmpty(name);
        uint limit = _device.Limits.MaxImageDimension2D;
        if (ring.Width > limit || ring.Height > limit)
        {
            throw new ArgumentException(
                $"A texture of {ring.Width}x{ring.Height} exceeds the device's limit of {limit} a side.", nameof(ring));
        }

        Converter.Require(format);
        var texture = new SharedTexture(_device, this, ring, name, path, format);
        _textures.Add(texture);
        return texture;
    }

    /// <inheritdoc/>
    public void Begin(in Frame frame) => ObjectDisposedException.ThrowIf(_disposed, this);

    /// <inheritdoc/>
    public void Record(in Frame frame)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        foreach (SharedTexture texture in _textures)
        {
            texture.Record(frame.Commands, frame.Value, frame.Slot);
        }
    }

    /// <summary>Disposes the textures that are left and the pipeline.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            while (_textures.Count > 0)
            {
                _textures[^1].Dispose();
            }

            _fader?.Dispose();
            Converter.Dispose();
        }
    }

    /// <summary>Says once for each reason that textures take a lesser path: they mostly share it.</summary>
    internal void LogFallback(string texture, SharingPath path, string reason)
    {
        if (_reasonsLogged.Add(reason))
        {
            _device.Log($"\"{texture}\" is shared by {SharingPathNames.NameOf(path)}: {reason}.");
        }
    }

    internal CrossFade CreateFade(SharedTexture texture)
    {
        _fader ??= TexelKernel.Fade(_device);
        _fader.Require(texture.Format);
        return new CrossFade(_device, _fader, _time, texture.Name);
    }

    internal void Remove(SharedTexture texture)
    {
        _bytesCopiedByRemoved += texture.TotalBytesCopied;
        _textures.Remove(texture);
    }
}
