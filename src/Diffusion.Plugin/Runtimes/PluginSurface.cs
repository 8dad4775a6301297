using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Runtime;
using Diffusion.Runtime.Surfaces;

namespace Diffusion.Plugin.Runtimes;

/// <summary>A surface of a runtime, and the textures that its tiles take turns with.</summary>
/// <remarks>
/// A tile that the host wants lends its texture by a handle that ends with the tile; the texture and its images go on
/// to the next. One thread, the runtime's.
/// </remarks>
/// <param name="runtime">Generates the tiles.</param>
/// <param name="settings">What the surface is made of.</param>
/// <param name="display">Which image of its textures is shown.</param>
/// <param name="handles">Where tiles' textures get their handles.</param>
internal sealed class PluginSurface(
    DiffusionRuntime runtime, SurfaceSettings settings, DisplayMode display, HandleTable<PluginTexture> handles)
    : IDisposable
{
    /// <summary>The most tiles that a host may want at a time.</summary>
    public const int MaxTiles = 4096;

    private readonly EndlessSurface _surface = new(runtime, settings);
    private readonly HashSet<(int X, int Y)> _wanted = [];

    // Every texture that was ever lent, and those that are lent now.
    private readonly Dictionary<TextureHandle, PluginTexture> _textures = [];
    private readonly Dictionary<(int X, int Y), PluginTexture> _lent = [];

    /// <summary>Whether the device still reads an image for the host.</summary>
    public bool HasReaders
    {
        get
        {
            foreach (PluginTexture texture in _textures.Values)
            {
                if (texture.HasReaders)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Asks for a tile; see <c>diffusion_want_tile</c>.</summary>
    /// <exception cref="PluginException">There are <see cref="MaxTiles"/>.</exception>
    public void Want(int x, int y)
    {
        if (_wanted.Count >= MaxTiles && !_wanted.Contains((x, y)))
        {
            throw new PluginException(
                ResultCode.ErrorLimit, $"{MaxTiles} tiles of this surface are wanted; release one before the next.");
        }

        _surface.Want(x, y);
        _wanted.Add((x, y));
    }

    /// <summary>Lets a tile go; see <c>diffusion_release_tile</c>.</summary>
    public void Release(int x, int y)
    {
        if (_wanted.Remove((x, y)))
        {
            TakeBack((x, y));
            _surface.Release(x, y);
        }
    }

    /// <summary>Lets tiles begin; see <c>diffusion_update_surface</c>.</summary>
    /// <returns>Whether a tile is still to be finished.</returns>
    public bool Update()
    {
        try
        {
            return _surface.Update();
        }
        finally
        {
            // One that failed has left its texture to another by now.
            foreach (((int X, int Y) place, PluginTexture texture) in _lent)
            {
                if (_surface.Get(place.X, place.Y).Texture != texture.Handle)
                {
                    TakeBack(place);
                }
            }
        }
    }

    /// <summary>A tile as it stands; see <c>diffusion_get_tile</c>.</summary>
    public unsafe NativeTile Get(int x, int y)
    {
        // A tile that only its neighbours need may go at any update.
        SurfaceTile tile = _wanted.Contains((x, y)) ? _surface.Get(x, y) : default;
        var result = new NativeTile
        {
            Status = (uint)tile.Status,
            Texture = tile.Texture == default ? 0 : Lend((x, y), tile),
        };
        if (tile.FailureReason is { } reason)
        {
            Utf8Text.Copy(reason, new Span<byte>(result.Failure, NativeTile.FailureLength));
        }

        return result;
    }

    /// <summary>Lets go of images that the device no longer reads; polls, never waits.</summary>
    public void PollReaders()
    {
        foreach (PluginTexture texture in _textures.Values)
        {
            texture.Loans?.Poll();
        }
    }

    /// <summary>Lets all tiles go, and ends their handles.</summary>
    public void End()
    {
        foreach ((int x, int y) in _wanted)
        {
            TakeBack((x, y));
            _surface.Release(x, y);
        }

        _wanted.Clear();
    }

    /// <summary>Frees the images, which no one reads any more; before the surface, whose rings they show.</summary>
    public void FreeImages(ImagePublisher? publisher)
    {
        foreach (PluginTexture texture in _textures.Values)
        {
            if (texture.Shared is { } shared)
            {
                publisher!.Remove(shared);
            }
        }
    }

    /// <summary>Frees the tiles.</summary>
    public void Dispose() => _surface.Dispose();

    private ulong Lend((int X, int Y) place, SurfaceTile tile)
    {
        if (_lent.TryGetValue(place, out PluginTexture? lent))
        {
            return lent.Name;
        }

        if (!_textures.TryGetValue(tile.Texture, out PluginTexture? texture))
        {
            texture = new PluginTexture(tile.Texture) { IsOfTile = true };
            texture.Show(display, TimeSpan.Zero);
            _textures.Add(tile.Texture, texture);
        }

        texture.FirstGeneration = tile.FirstGeneration;
        texture.Name = handles.Add(texture);
        _lent.Add(place, texture);
        return texture.Name;
    }

    private void TakeBack((int X, int Y) place)
    {
        if (_lent.Remove(place, out PluginTexture? texture))
        {
            handles.Remove(texture.Name);
            texture.Loans?.EndAll();
        }
    }
}
