using System.Diagnostics.CodeAnalysis;
using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Runtime;
using Diffusion.Runtime.Surfaces;

namespace Diffusion.Plugin.Runtimes;

/// <content>Surfaces without end and their tiles.</content>
internal sealed partial class PluginRuntime
{
    private const int MaxSurfaces = 64;

    // Destroyed by the host, whose frames still read images of theirs.
    private readonly List<PluginSurface> _endedSurfaces = [];

    /// <summary>Surfaces that are destroyed and wait for the host's frames, for tests.</summary>
    internal int EndedSurfaceCount => _endedSurfaces.Count;

    /// <summary>Makes a surface; see <c>diffusion_create_surface</c>.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The table keeps it until the host destroys it.")]
    public unsafe ulong CreateSurface(in NativeSurfaceSettings native)
    {
        DiffusionRuntime runtime = Loaded;
        if (_surfaces.Count + _endedSurfaces.Count >= MaxSurfaces)
        {
            throw new PluginException(
                ResultCode.ErrorLimit, $"There are {MaxSurfaces} surfaces; destroy one before the next.");
        }

        NativeRequest style = StructCopy.Read<NativeRequest>(native.Style, "style");
        RequestReader.Require(
            style.FadeMs == 0, $"style's fade_ms must be 0, for tiles hand their images on, not {style.FadeMs}.");
        SurfaceSettings settings = new() { Style = RequestReader.Read(style, runtime.Model) };
        settings = settings with
        {
            Overlap = native.Overlap == 0 ? settings.Overlap : native.Overlap,
            TilesInWork = native.TilesInWork == 0 ? settings.TilesInWork : native.TilesInWork,
            Departure = native.Departure == 0 ? settings.Departure : native.Departure,
        };
        return _surfaces.Add(new PluginSurface(runtime, settings, (DisplayMode)style.Display, _textures));
    }

    /// <summary>Frees a surface; see <c>diffusion_destroy_surface</c>.</summary>
    public void DestroySurface(ulong handle)
    {
        PluginSurface surface = _surfaces.Remove(handle);
        surface.End();
        _endedSurfaces.Add(surface);
        FreeEndedSurfaces(isForced: false);
    }

    /// <summary>Asks for a tile; see <c>diffusion_want_tile</c>.</summary>
    public void WantTile(ulong handle, int x, int y) => _surfaces.Find(handle).Want(x, y);

    /// <summary>Lets a tile go; see <c>diffusion_release_tile</c>.</summary>
    public void ReleaseTile(ulong handle, int x, int y) => _surfaces.Find(handle).Release(x, y);

    /// <summary>A tile as it stands; see <c>diffusion_get_tile</c>.</summary>
    public NativeTile GetTile(ulong handle, int x, int y) => _surfaces.Find(handle).Get(x, y);

    /// <summary>Lets tiles begin; see <c>diffusion_update_surface</c>.</summary>
    /// <returns>Whether a tile is still to be finished.</returns>
    public bool UpdateSurface(ulong handle)
    {
        PluginSurface surface = _surfaces.Find(handle);
        CollectRetired();
        return surface.Update();
    }

    // A tile's texture is the surface's.
    private PluginTexture FindOwn(ulong handle)
    {
        PluginTexture texture = _textures.Find(handle);
        return texture.IsOfTile
            ? throw new PluginException(
                ResultCode.ErrorInvalidState,
                $"0x{handle:x} is a tile's texture, which its surface sees to; diffusion_release_tile lets it go.")
            : texture;
    }

    private void PollSurfaces()
    {
        for (int i = 0; i < _surfaces.Places.Count; i++)
        {
            _surfaces.Places[i]?.PollReaders();
        }
    }

    private void FreeEndedSurfaces(bool isForced)
    {
        for (int i = _endedSurfaces.Count - 1; i >= 0; i--)
        {
            PluginSurface surface = _endedSurfaces[i];
            surface.PollReaders();
            if (isForced || !surface.HasReaders)
            {
                _endedSurfaces.RemoveAt(i);
                surface.FreeImages(_publisher);
                surface.Dispose();
            }
        }
    }
}
