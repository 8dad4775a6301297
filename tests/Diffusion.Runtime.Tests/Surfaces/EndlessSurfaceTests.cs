using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;
using Diffusion.Runtime.Surfaces;

namespace Diffusion.Runtime.Tests.Surfaces;

/// <summary>Tiles of a network whose pixels see each other, so that context matters.</summary>
public sealed class EndlessSurfaceTests : IDisposable
{
    private const int Edge = 12;
    private const int Overlap = 4;
    private const int Cell = Edge - Overlap;

    private static readonly (int X, int Y)[] _field =
        [.. Enumerable.Range(-2, 4).SelectMany(y => Enumerable.Range(-2, 4).Select(x => (x, y)))];

    private static readonly SurfaceSettings _settings = new()
    {
        Style = new TextureRequest { Width = Edge, Height = Edge, ClassLabel = 0, Seed = 11, Steps = 4 },
        Overlap = Overlap,
    };

    private readonly GaussianBackend _backend = new() { Coupling = 0.3f };
    private readonly DiffusionRuntime _runtime;

    public EndlessSurfaceTests()
    {
        _runtime = new DiffusionRuntime(
            _backend, GaussianBackend.Model, new RuntimeOptions { Clock = _backend.Clock });
    }

    public static TheoryData<SurfaceSettings, string> BadSettings => new()
    {
        { _settings with { Overlap = 0 }, "Overlap must be 1 to 5 for tiles of 12x12, not 0." },
        { _settings with { Overlap = 6 }, "not 6." },
        { _settings with { Departure = 0 }, "Departure must be above 0 and at most 1, not 0." },
        { _settings with { Departure = double.NaN }, "not NaN." },
        { _settings with { TilesInWork = 0 }, "TilesInWork must be at least 1, not 0." },
        { _settings with { Style = null! }, "Style must not be null." },
        { _settings with { Style = _settings.Style with { Width = 10 } }, "Width must be a multiple of 4" },
        { _settings with { Style = _settings.Style with { Image = new float[432] } }, "Style must have no Image" },
        { _settings with { Style = _settings.Style with { EndTime = 0 } }, "Style must have no Image" },
        { _settings with { Style = _settings.Style with { ReadyWithinTicks = 3 } }, "Style must have no Image" },
        {
            _settings with { Style = _settings.Style with { Solver = SolverCatalog.Parse("pndm") } },
            "'pndm' does not end at the clean estimate, so that tiles would not meet."
        },
    };

    public void Dispose()
    {
        _runtime.Dispose();
        _backend.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0.5)]
    public void Tiles_Neighbours_ShareTheirBorderToTheBit(double departure)
    {
        Dictionary<(int X, int Y), float[]> tiles = Generate(_settings with { Departure = departure }, _field);

        int compared = 0;
        foreach (((int X, int Y) a, float[] one) in tiles)
        {
            foreach (((int X, int Y) b, float[] other) in tiles)
            {
                compared += a == b ? 0 : CompareShared(one, other, b.X - a.X, b.Y - a.Y, Assert.Equal);
            }
        }

        Assert.True(compared > 8_000, $"{compared} values were compared.");
    }

    [Fact]
    public void Tiles_CornersOfTheGrid_AreThePatternLaidOverThePlane()
    {
        // The pattern is the style's own texture, 12 pixels wide, under a grid of 8.
        float[] pattern = GenerateAlone(0);

        Dictionary<(int X, int Y), float[]> tiles = Generate(_settings, _field);

        foreach (((int X, int Y) place, float[] tile) in tiles)
        {
            int different = 0;
            for (int i = 0; i < tile.Length; i++)
            {
                (int x, int y) = (i % Edge, i / Edge % Edge);
                int patternX = ((place.X * Cell) + x + (10 * Edge)) % Edge;
                int patternY = ((place.Y * Cell) + y + (10 * Edge)) % Edge;
                float expected = pattern[(i / (Edge * Edge) * Edge * Edge) + (patternY * Edge) + patternX];
                bool isCorner = x is < Overlap or >= Cell && y is < Overlap or >= Cell;
                Assert.True(!isCorner || tile[i] == expected, $"{place}: value {i}");
                different += tile[i] != expected ? 1 : 0;
            }

            Assert.InRange(different, 100, tile.Length);
        }
    }

    [Fact]
    public void Tiles_WithoutContext_WouldNotAgree()
    {
        // What the test above could not see of a network whose pixels are on their own.
        float[] left = GenerateAlone(0);
        float[] right = GenerateAlone(1);

        int different = 0;
        CompareShared(left, right, 1, 0, (a, b) => different += a != b ? 1 : 0);

        Assert.True(different > 100, $"{different} values differ.");
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    public void Tiles_AnyOrder_AreTheSameBits(int seed, int tilesInWork)
    {
        Dictionary<(int X, int Y), float[]> expected = Generate(_settings, _field);
        (int X, int Y)[] order = [.. _field];
        new Random(seed).Shuffle(order);

        Dictionary<(int X, int Y), float[]> actual = Generate(_settings with { TilesInWork = tilesInWork }, order);

        Assert.All(_field, place => Assert.Equal(expected[place], actual[place]));
    }

    [Fact]
    public void Want_OneByOneAndReleased_AreTheSameBitsAgain()
    {
        Dictionary<(int X, int Y), float[]> expected = Generate(_settings, _field);
        using EndlessSurface surface = new(_runtime, _settings);

        foreach ((int x, int y) in _field.Reverse())
        {
            surface.Want(x, y);
            Finish(surface);
            Assert.Equal(expected[(x, y)], ImageOf(surface, x, y));
            surface.Release(x, y);
            Assert.Equal(default, surface.Get(x, y));
        }
    }

    [Fact]
    public void Want_TileBetweenFour_MakesItsNeighboursAndLetsThemGo()
    {
        using EndlessSurface surface = new(_runtime, _settings);
        surface.Want(1, 1);
        surface.Want(1, 1);
        int most = 0;
        while (surface.Update())
        {
            _runtime.Tick(TimeSpan.FromMilliseconds(5));
            most = Math.Max(most, _backend.LiveSessions);
        }

        Assert.Equal(SurfaceTileStatus.Completed, surface.Get(1, 1).Status);
        Assert.Equal(default, surface.Get(0, 0));
        Assert.Equal(default, surface.Get(1, 0));

        // Nine tiles, of which those in work live, and those that others wait for.
        Assert.InRange(most, 2, 8);
        surface.Dispose();
        Assert.Equal(0, _backend.LiveSessions);
    }

    [Fact]
    public void Want_WalkingOn_TakesTheTexturesOver()
    {
        using EndlessSurface surface = new(_runtime, _settings);
        int most = 0;
        for (int x = 0; x < 12; x++)
        {
            surface.Want(x, 0);
            surface.Release(x - 3, 0);
            Finish(surface);
            most = Math.Max(most, _backend.LiveSessions);
        }

        Assert.InRange(most, 3, 6);
    }

    [Fact]
    public void Get_TextureTakenOver_FirstGenerationIsBehindTheOtherTiles()
    {
        using EndlessSurface surface = new(_runtime, _settings with { Departure = 1 });
        WantAndFinish(surface, 0, 0);
        SurfaceTile first = surface.Get(0, 0);
        ulong last = _runtime.GetProgress(first.Texture).Generation;
        Assert.Equal(1u, first.FirstGeneration);

        surface.Release(0, 0);
        surface.Want(2, 0);
        surface.Update();

        SurfaceTile second = surface.Get(2, 0);
        Assert.Equal((first.Texture, last + 1), (second.Texture, second.FirstGeneration));
        Finish(surface);
        Assert.Equal((2 * last, last + 1), (
            _runtime.GetProgress(second.Texture).Generation, surface.Get(2, 0).FirstGeneration));
    }

    [Fact]
    public void Want_EdgeOfTheWorld_WrapsAround()
    {
        using EndlessSurface surface = new(_runtime, _settings);
        surface.Want(int.MaxValue, int.MaxValue);
        surface.Want(int.MinValue, int.MaxValue);
        Finish(surface);

        float[] last = ImageOf(surface, int.MaxValue, int.MaxValue);
        float[] first = ImageOf(surface, int.MinValue, int.MaxValue);
        Assert.Equal(Edge * Overlap * 3, CompareShared(last, first, 1, 0, Assert.Equal));
    }

    [Fact]
    public void Release_InWork_FreesIt()
    {
        using EndlessSurface surface = new(_runtime, _settings with { Departure = 1 });
        surface.Want(1, 1);
        surface.Update();
        _runtime.Tick(TimeSpan.FromMilliseconds(3));

        surface.Release(1, 1);

        Assert.False(surface.Update());
        Assert.Equal(default, surface.Get(0, 0));
        Assert.Equal(Generate(_settings with { Departure = 1 }, [(1, 1)])[(1, 1)], WantAndFinish(surface, 1, 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0.5)]
    public void Update_TextureFails_TileSaysWhyAndCanBeAskedForAgain(double departure)
    {
        using EndlessSurface surface = new(_runtime, _settings with { Departure = departure });
        surface.Want(1, 1);
        _backend.Throws = true;
        Finish(surface);

        Assert.Equal(
            new SurfaceTile(SurfaceTileStatus.Failed, default, "The device was lost."), surface.Get(1, 1));
        _backend.Throws = false;
        surface.Release(1, 1);
        WantAndFinish(surface, 1, 1);
        Assert.Equal(SurfaceTileStatus.Completed, surface.Get(1, 1).Status);
    }

    [Fact]
    public void Update_NothingBegins_AllocatesNothing()
    {
        using EndlessSurface surface = new(_runtime, _settings with { Style = _settings.Style with { Steps = 400 } });
        foreach ((int x, int y) in _field)
        {
            surface.Want(x, y);
        }

        for (int i = 0; i < 20; i++)
        {
            surface.Update();
            _runtime.Tick(TimeSpan.FromMilliseconds(20));
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++)
        {
            surface.Update();
            _runtime.Tick(TimeSpan.FromMilliseconds(20));
            surface.Get(0, 0);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [MemberData(nameof(BadSettings), DisableDiscoveryEnumeration = true)]
    public void New_BadSetting_NamesValueAndRule(SurfaceSettings settings, string message)
    {
        ArgumentException error = Assert.ThrowsAny<ArgumentException>(() => new EndlessSurface(_runtime, settings));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(0, _backend.LiveSessions);
    }

    [Fact]
    public void Want_Disposed_IsRefused()
    {
        EndlessSurface surface = new(_runtime, _settings);
        surface.Dispose();

        Assert.Throws<ObjectDisposedException>(() => surface.Want(0, 0));
        Assert.Throws<ObjectDisposedException>(() => surface.Update());
    }

    // A tile of the same world noise that knows of no neighbour.
    private float[] GenerateAlone(int x)
    {
        TextureHandle handle = _runtime.Submit(_settings.Style with { OriginX = x * Cell });
        _runtime.Tick(TimeSpan.MaxValue);
        SampleRing ring = _runtime.GetSamples(handle);
        float[] image = ring.Sample(ring.CurrentSlot).ToArray();
        _runtime.Release(handle);
        return image;
    }

    private Dictionary<(int X, int Y), float[]> Generate(SurfaceSettings settings, (int X, int Y)[] order)
    {
        using EndlessSurface surface = new(_runtime, settings);
        foreach ((int x, int y) in order)
        {
            surface.Want(x, y);
        }

        Finish(surface);
        return order.ToDictionary(place => place, place => ImageOf(surface, place.X, place.Y));
    }

    private float[] WantAndFinish(EndlessSurface surface, int x, int y)
    {
        surface.Want(x, y);
        Finish(surface);
        return ImageOf(surface, x, y);
    }

    private void Finish(EndlessSurface surface)
    {
        while (surface.Update())
        {
            _runtime.Tick(TimeSpan.FromMilliseconds(50));
        }
    }

    private float[] ImageOf(EndlessSurface surface, int x, int y)
    {
        SurfaceTile tile = surface.Get(x, y);
        Assert.Equal((SurfaceTileStatus.Completed, null), (tile.Status, tile.FailureReason));
        SampleRing ring = _runtime.GetSamples(tile.Texture);
        return ring.Sample(ring.CurrentSlot).ToArray();
    }

    private static int CompareShared(float[] one, float[] other, int dx, int dy, Action<float, float> compare)
    {
        int compared = 0;
        for (int i = 0; i < one.Length; i++)
        {
            (int x, int y) = ((i % Edge) - (dx * Cell), (i / Edge % Edge) - (dy * Cell));
            if (x is >= 0 and < Edge && y is >= 0 and < Edge)
            {
                compare(one[i], other[(i / (Edge * Edge) * Edge * Edge) + (y * Edge) + x]);
                compared++;
            }
        }

        return compared;
    }
}
