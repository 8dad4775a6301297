using System.Runtime.InteropServices;
using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Plugin.Tests.Support;
using Diffusion.Render.Devices;
using Diffusion.Render.Tests.Support;
using Diffusion.Runtime.Surfaces;

namespace Diffusion.Plugin.Tests;

/// <summary>Surfaces and their tiles through the C functions.</summary>
public sealed unsafe partial class SurfaceTests : IDisposable
{
    private const int Size = 16;
    private const int Overlap = 4;

    private static readonly (int X, int Y)[] _field =
        [.. Enumerable.Range(-1, 3).SelectMany(y => Enumerable.Range(-1, 3).Select(x => (x, y)))];

    public SurfaceTests() => TestBackend.SampleShare = 0.5f;

    public void Dispose() => TestBackend.SampleShare = 0;

    [SkippableTheory]
    [InlineData(0, SurfaceSettings.DefaultDeparture)]
    [InlineData(0.3, 0.3)]
    [InlineData(1, 1)]
    public void Tiles_AreTheManagedSurfacesToTheBit(double departure, double expected)
    {
        using var host = new Host();
        ulong surface = Create(host, departure);
        foreach ((int x, int y) in _field)
        {
            Host.Check(C.WantTile(host.Runtime, surface, x, y));
        }

        Finish(host, surface);

        Dictionary<(int X, int Y), byte[]> managed = GenerateManaged(expected);
        Assert.All(_field, place => Assert.Equal(managed[place], Read(host, Texture(host, surface, place))));
        Assert.NotEqual(managed[(0, 0)], managed[(1, 1)]);
    }

    [SkippableFact]
    public void ReleaseTile_EndsItsHandle_AndTheNextShowsNothingOfIt()
    {
        using var host = new Host();
        ulong surface = Create(host, departure: 1);
        ulong first = WantAndFinish(host, surface, (0, 0));
        byte[] before = Read(host, first);
        Assert.Equal(first, Texture(host, surface, (0, 0)));

        Host.Check(C.ReleaseTile(host.Runtime, surface, 0, 0));
        Assert.Equal(ResultCode.ErrorInvalidHandle, TryRead(host, first, new byte[Size * Size * 4]));
        Assert.Equal(SurfaceTileStatus.Absent, (SurfaceTileStatus)Tile(host, surface, (0, 0)).Status);
        Assert.Equal(0u, host.Statistics().TexturesLive);

        // The next free tile takes the texture over, whose last image is still the first's.
        Host.Check(C.WantTile(host.Runtime, surface, 2, 0));
        Assert.Equal(ResultCode.NotReady, C.UpdateSurface(host.Runtime, surface));
        ulong second = Texture(host, surface, (2, 0));
        Assert.NotEqual(first, second);
        Assert.Equal(ResultCode.NotReady, TryRead(host, second, new byte[Size * Size * 4]));
        Assert.Equal(0u, host.Progress(second).Generation);

        Finish(host, surface);
        Assert.NotEqual(before, Read(host, second));
        Assert.True(host.Progress(second).Generation > 4, "the texture was not taken over: this test sees nothing");
        Assert.Equal(ResultCode.ErrorInvalidHandle, TryRead(host, first, new byte[Size * Size * 4]));
        Host.Check(C.ReleaseTile(host.Runtime, surface, 77, 77));
    }

    [SkippableFact]
    public void GetTile_NeededByItsNeighboursOnly_IsAbsent()
    {
        using var host = new Host();
        ulong surface = Create(host, departure: 1);
        Host.Check(C.WantTile(host.Runtime, surface, 1, 1));
        C.UpdateSurface(host.Runtime, surface);
        Assert.Equal(SurfaceTileStatus.Absent, (SurfaceTileStatus)Tile(host, surface, (0, 0)).Status);
        Assert.Equal(SurfaceTileStatus.Waiting, (SurfaceTileStatus)Tile(host, surface, (1, 1)).Status);
        Assert.Equal(0u, Tile(host, surface, (1, 1)).Texture);

        // Asked for after it was begun, it shows its own from the start.
        host.Tick();
        Host.Check(C.WantTile(host.Runtime, surface, 0, 0));
        Read(host, Texture(host, surface, (0, 0)));
    }

    [SkippableFact]
    public void TilesTexture_VerbsThatChangeIt_AreRefused()
    {
        using var host = new Host();
        ulong surface = Create(host, departure: 1);
        ulong texture = WantAndFinish(host, surface, (0, 0));
        NativeRequest request = Style();
        Assert.Equal(ResultCode.ErrorInvalidState, C.Retarget(host.Runtime, texture, &request));
        Assert.Equal(ResultCode.ErrorInvalidState, C.Pause(host.Runtime, texture));
        Assert.Equal(ResultCode.ErrorInvalidState, C.Resume(host.Runtime, texture));
        Assert.Equal(ResultCode.ErrorInvalidState, C.Cancel(host.Runtime, texture));
        Assert.Equal(ResultCode.ErrorInvalidState, C.Release(host.Runtime, texture));
        Assert.Contains("diffusion_release_tile", C.LastError(), StringComparison.Ordinal);
        Read(host, texture);
    }

    [SkippableFact]
    public void UpdateSurface_TileFails_SaysWhyAndEndsItsHandle()
    {
        using var host = new Host();
        ulong surface = Create(host, departure: 1);
        Host.Check(C.WantTile(host.Runtime, surface, 0, 0));
        C.UpdateSurface(host.Runtime, surface);
        ulong texture = Texture(host, surface, (0, 0));
        TestBackend.Failure = new InvalidOperationException("The boiler burst.");
        Finish(host, surface);
        NativeTile tile = Tile(host, surface, (0, 0));
        Assert.Equal(SurfaceTileStatus.Failed, (SurfaceTileStatus)tile.Status);
        Assert.Equal(0u, tile.Texture);
        Assert.Equal("The boiler burst.", Marshal.PtrToStringUTF8((nint)tile.Failure));
        Assert.Equal(ResultCode.ErrorInvalidHandle, TryRead(host, texture, new byte[Size * Size * 4]));

        Host.Check(C.ReleaseTile(host.Runtime, surface, 0, 0));
        Read(host, WantAndFinish(host, surface, (0, 0)));
    }

    [SkippableFact]
    public void DestroySurface_EndsAllHandlesAndFreesTheModel()
    {
        using var host = new Host();
        ulong surface = Create(host, departure: 1);
        ulong texture = WantAndFinish(host, surface, (0, 0));
        Assert.Equal(ResultCode.ErrorInvalidState, host.LoadModel(Repository.Model));
        Assert.Contains("1 surfaces", C.LastError(), StringComparison.Ordinal);

        // A handle of the one kind is none of the other.
        Assert.Equal(ResultCode.ErrorInvalidHandle, C.DestroySurface(host.Runtime, texture));
        Assert.Equal(ResultCode.ErrorInvalidHandle, C.Cancel(host.Runtime, surface));

        Host.Check(C.DestroySurface(host.Runtime, surface));
        Assert.Equal(ResultCode.ErrorInvalidHandle, C.DestroySurface(host.Runtime, surface));
        Assert.Equal(ResultCode.ErrorInvalidHandle, C.WantTile(host.Runtime, surface, 0, 0));
        Assert.Equal(ResultCode.ErrorInvalidHandle, C.UpdateSurface(host.Runtime, surface));
        Assert.Equal(ResultCode.ErrorInvalidHandle, TryRead(host, texture, new byte[Size * Size * 4]));
        Assert.Equal(0u, host.Statistics().TexturesLive);
        Host.Check(host.LoadModel(Repository.Model));
    }

    [SkippableFact]
    public void CreateSurface_EveryWrongSetting_IsAnInvalidArgumentThatNamesIt()
    {
        using var host = new Host();
        NativeRequest[] style = [Style()];
        Refuse("style is null", (ref NativeSurfaceSettings settings) => settings.Style = null);
        Refuse("Overlap must be 1 to 7", (ref NativeSurfaceSettings settings) => settings.Overlap = 8);
        Refuse("not -1", (ref NativeSurfaceSettings settings) => settings.Overlap = -1);
        Refuse("TilesInWork must be at least 1", (ref NativeSurfaceSettings settings) => settings.TilesInWork = -1);
        Refuse("Departure must", (ref NativeSurfaceSettings settings) => settings.Departure = 1.5);
        Refuse("not NaN", (ref NativeSurfaceSettings settings) => settings.Departure = double.NaN);
        style[0].FadeMs = 10;
        Refuse("fade_ms must be 0", (ref NativeSurfaceSettings settings) => { });
        style[0] = Style();
        style[0].ReadyWithinTicks = 1;
        Refuse("Style must have no", (ref NativeSurfaceSettings settings) => { });
        style[0] = Style();
        style[0].StructSize = 7;
        Refuse("style: struct_size is 7", (ref NativeSurfaceSettings settings) => { });
        ulong surface;
        NativeSurfaceSettings good = C.Init<NativeSurfaceSettings>();
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.CreateSurface(host.Runtime, null, &surface));
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.CreateSurface(host.Runtime, &good, null));
        Assert.Equal(
            ResultCode.ErrorInvalidArgument, C.GetTile(host.Runtime, Create(host, departure: 1), 0, 0, null));

        void Refuse(string named, Change change)
        {
            fixed (NativeRequest* request = style)
            {
                NativeSurfaceSettings settings = Settings(request, 1);
                change(ref settings);
                ulong made = 0;
                Assert.Equal(ResultCode.ErrorInvalidArgument, C.CreateSurface(host.Runtime, &settings, &made));
                Assert.Contains(named, C.LastError(), StringComparison.Ordinal);
                Assert.Equal(0u, made);
            }
        }
    }

    [SkippableFact]
    public void CreateSurfaceAndWantTile_TooMany_AreALimit()
    {
        using var host = new Host();
        ulong surface = Create(host, departure: 1);
        for (int i = 1; i < 64; i++)
        {
            Create(host, departure: 1);
        }

        NativeRequest style = Style();
        NativeSurfaceSettings settings = Settings(&style, 1);
        ulong none;
        Assert.Equal(ResultCode.ErrorLimit, C.CreateSurface(host.Runtime, &settings, &none));
        for (int i = 0; i < 4096; i++)
        {
            Host.Check(C.WantTile(host.Runtime, surface, 2 * i, 0));
        }

        Assert.Equal(ResultCode.ErrorLimit, C.WantTile(host.Runtime, surface, 0, 2));
        Host.Check(C.WantTile(host.Runtime, surface, 0, 0));
        Host.Check(C.ReleaseTile(host.Runtime, surface, 0, 0));
        Host.Check(C.WantTile(host.Runtime, surface, 0, 2));
    }

    [SkippableFact]
    public void GetLatest_TextureOfTheTileBefore_IsNotReadyUntilItsOwnImage()
    {
        using EngineHost engine = ImageTests.CreateEngine();
        using (var host = new Host(engine))
        using (VulkanDevice reader = VulkanDevice.Adopt(engine.Lent))
        {
            ulong surface = Create(host, departure: 1);
            ulong first = WantAndFinish(host, surface, (0, 0));
            NativeImage old = ImageTests.BorrowNext(host, first, 0);
            Host.Check(C.ReleaseTile(host.Runtime, surface, 0, 0));
            Assert.Equal(ResultCode.ErrorInvalidHandle, C.ReleaseAfter(host.Runtime, &old, 0, 0));

            Host.Check(C.WantTile(host.Runtime, surface, 2, 0));
            C.UpdateSurface(host.Runtime, surface);
            ulong second = Texture(host, surface, (2, 0));
            NativeImage image = C.Init<NativeImage>();
            Assert.Equal(ResultCode.NotReady, C.GetLatest(host.Runtime, second, &image));
            Finish(host, surface);
            image = ImageTests.BorrowNext(host, second, host.Progress(second).Generation - 1);
            Assert.Equal(Read(host, second), ImageReader.Read(reader, ImageTests.View(image), Size, Size));
            Host.Check(C.ReleaseAfter(host.Runtime, &image, 0, 0));
        }

        engine.AssertSilent();
    }

    [SkippableFact]
    public void DestroySurface_HostStillReads_KeepsTheImagesUntilItHasDone()
    {
        using EngineHost engine = ImageTests.CreateEngine();
        Silk.NET.Vulkan.Semaphore frames = engine.CreateTimeline();
        using (var host = new Host(engine))
        {
            ulong surface = Create(host, departure: 1);
            NativeImage image = ImageTests.BorrowNext(host, WantAndFinish(host, surface, (0, 0)), 0);
            Host.Check(C.ReleaseAfter(host.Runtime, &image, frames.Handle, 3));
            Host.Check(C.DestroySurface(host.Runtime, surface));
            host.Tick();
            Assert.Equal(1, EndedSurfaces(host));
            engine.Submit(default, frames, 3);
            for (int i = 0; i < 2000 && EndedSurfaces(host) > 0; i++)
            {
                host.Tick(0);
                Thread.Sleep(1);
            }

            Assert.Equal(0, EndedSurfaces(host));
        }

        engine.Destroy(frames);
        engine.AssertSilent();
    }

    [SkippableFact]
    public void Tick_TilesInWork_AllocatesNoManagedMemory()
    {
        using var host = new Host();
        NativeRequest style = Style();
        style.Width = 256;
        style.Height = 256;
        style.Steps = 1000;
        NativeSurfaceSettings settings = Settings(&style, 1);
        ulong surface;
        Host.Check(C.CreateSurface(host.Runtime, &settings, &surface));
        Host.Check(C.WantTile(host.Runtime, surface, 0, 0));
        C.UpdateSurface(host.Runtime, surface);
        ulong texture = Texture(host, surface, (0, 0));
        for (int i = 0; i < 50; i++)
        {
            host.Tick(0.05);
        }

        ulong before = host.Statistics().TickAllocatedBytes;
        for (int i = 0; i < 100; i++)
        {
            host.Tick(0.05);
        }

        Assert.Equal(0u, host.Progress(texture).Status);
        Assert.Equal(before, host.Statistics().TickAllocatedBytes);
    }
}
