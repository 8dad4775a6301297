using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Plugin.Runtimes;
using Diffusion.Plugin.Tests.Support;
using Diffusion.Runtime;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Surfaces;

namespace Diffusion.Plugin.Tests;

/// <content>A surface of small tiles, and the same in C#.</content>
public sealed unsafe partial class SurfaceTests
{
    private delegate void Change(ref NativeSurfaceSettings settings);

    private static NativeRequest Style()
    {
        NativeRequest style = Host.Request(label: 8, Size);
        style.Seed = 5;
        return style;
    }

    private static NativeSurfaceSettings Settings(NativeRequest* style, double departure)
    {
        NativeSurfaceSettings settings = C.Init<NativeSurfaceSettings>();
        settings.Style = style;
        settings.Overlap = Overlap;
        settings.Departure = departure;
        return settings;
    }

    private static ulong Create(Host host, double departure)
    {
        NativeRequest style = Style();
        NativeSurfaceSettings settings = Settings(&style, departure);
        ulong surface;
        Host.Check(C.CreateSurface(host.Runtime, &settings, &surface));
        return surface;
    }

    private static NativeTile Tile(Host host, ulong surface, (int X, int Y) place)
    {
        NativeTile tile = C.Init<NativeTile>();
        Host.Check(C.GetTile(host.Runtime, surface, place.X, place.Y, &tile));
        return tile;
    }

    private static ulong Texture(Host host, ulong surface, (int X, int Y) place)
    {
        NativeTile tile = Tile(host, surface, place);
        Assert.True(
            (SurfaceTileStatus)tile.Status is SurfaceTileStatus.Running or SurfaceTileStatus.Completed,
            $"tile {place} has status {tile.Status}");
        return tile.Texture;
    }

    private static void Finish(Host host, ulong surface)
    {
        for (int i = 0; i < 10_000 && C.UpdateSurface(host.Runtime, surface) == ResultCode.NotReady; i++)
        {
            host.Tick();
        }
    }

    private static ulong WantAndFinish(Host host, ulong surface, (int X, int Y) place)
    {
        Host.Check(C.WantTile(host.Runtime, surface, place.X, place.Y));
        Finish(host, surface);
        return Texture(host, surface, place);
    }

    private static byte[] Read(Host host, ulong texture)
    {
        var bytes = new byte[Size * Size * 4];
        Host.Check(TryRead(host, texture, bytes));
        return bytes;
    }

    private static ResultCode TryRead(Host host, ulong texture, byte[] bytes)
    {
        fixed (byte* data = bytes)
        {
            NativePixels pixels = C.Init<NativePixels>();
            pixels.Data = data;
            pixels.DataSize = (ulong)bytes.Length;
            return C.ReadPixels(host.Runtime, texture, &pixels);
        }
    }

    private static int EndedSurfaces(Host host)
    {
        using RuntimeCall call = RuntimeTable.Enter(host.Runtime);
        return call.Runtime.EndedSurfaceCount;
    }

    private static Dictionary<(int X, int Y), byte[]> GenerateManaged(double departure)
    {
        ModelFolder folder = ModelFolder.Open(Repository.Model);
        using var backend = TestBackend.Create(folder.Config);
        using var runtime = new DiffusionRuntime(backend, folder.Description);
        using var surface = new EndlessSurface(runtime, new SurfaceSettings
        {
            Style = new TextureRequest { Width = Size, Height = Size, ClassLabel = 8, Seed = 5, Steps = 3 },
            Overlap = Overlap,
            Departure = departure,
        });
        foreach ((int x, int y) in _field)
        {
            surface.Want(x, y);
        }

        while (surface.Update())
        {
            runtime.Tick(TimeSpan.FromSeconds(1));
        }

        return _field.ToDictionary(place => place, place =>
        {
            var bytes = new byte[Size * Size * 4];
            SampleRing ring = runtime.GetSamples(surface.Get(place.X, place.Y).Texture);
            Assert.True(SamplePixels.TryRead(ring, isDenoised: false, 0, bytes, Size * 4, out _));
            return bytes;
        });
    }
}
