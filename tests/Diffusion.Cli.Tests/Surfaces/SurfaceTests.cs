using Diffusion.Cli.Generation;
using Diffusion.Cli.Tests.Compute;
using Diffusion.Render.Compute;
using Diffusion.Runtime;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Surfaces;
using Diffusion.Torch;
using Xunit.Abstractions;

namespace Diffusion.Cli.Tests.Surfaces;

/// <summary>Endless surfaces of the shipped model, on both backends.</summary>
public sealed class SurfaceTests(ComputeFixture compute, ITestOutputHelper output) : IClassFixture<ComputeFixture>
{
    /// <summary>
    /// How much larger the step over a border may be than that between other lines, in the mean; brick's tiles that
    /// know nothing of each other have 2.0, and 1.0 here (docs/surfaces.md).
    /// </summary>
    private const double MostSeam = 1.6;

    private static readonly (int X, int Y)[] _field =
        [.. Enumerable.Range(0, 3).SelectMany(y => Enumerable.Range(-1, 3).Select(x => (x, y)))];

    private static readonly SurfaceSettings _small = new()
    {
        Style = new TextureRequest { Width = 16, Height = 16, ClassLabel = 0, Seed = 5, Steps = 3 },
        Overlap = 4,
    };

    private readonly ModelFolder _folder = ModelFolder.Open(ModelLocator.Find(null));

    [SkippableTheory]
    [InlineData(LoadedModel.TorchName)]
    [InlineData(LoadedModel.ComputeName)]
    public void Tiles_AnyOrder_AreTheSameBytesAndShareTheirBorders(string name)
    {
        using IDenoiserBackend backend = Open(name);
        Dictionary<(int X, int Y), float[]> expected = Generate(backend, _small, _field);
        for (int seed = 1; seed <= 3; seed++)
        {
            (int X, int Y)[] order = [.. _field];
            new Random(seed).Shuffle(order);

            Dictionary<(int X, int Y), float[]> actual = Generate(
                backend, _small with { TilesInWork = seed }, order, isReleasedAtOnce: seed == 3);

            Assert.All(_field, place => Assert.Equal(expected[place], actual[place]));
        }

        Assert.All(_field.Where(place => place.X < 1), place => Assert.Equal(
            Columns(expected[place], 12, 16), Columns(expected[(place.X + 1, place.Y)], 0, 4)));
        compute.AssertSilent();
    }

    [Theory]
    [InlineData("brick")]
    [InlineData("rock")]
    [InlineData("grass")]
    public void Tiles_ShippedModel_MeetWithoutASeam(string className)
    {
        using TorchBackend backend = new(_folder);
        TextureRequest style = new()
        {
            Width = 64,
            Height = 64,
            ClassName = className,
            Seed = 7,
            Steps = 12,
            GuidanceScale = 3,
        };
        SurfaceSettings settings = new() { Style = style };

        double seam = SeamOf(Generate(backend, settings, _field), settings);

        output.WriteLine($"{className}: {seam:0.00}");
        Assert.InRange(seam, 0, MostSeam);
    }

    // The mean step over the lines where tiles were joined against that of all others.
    private static double SeamOf(Dictionary<(int X, int Y), float[]> tiles, SurfaceSettings settings)
    {
        (int edge, int cell) = (settings.Style.Width, settings.Style.Width - settings.Overlap);
        int size = (2 * cell) + edge;
        float[] plane = new float[3 * size * size];
        foreach (((int X, int Y) place, float[] tile) in tiles)
        {
            for (int row = 0; row < 3 * edge; row++)
            {
                int at = (((row / edge * size) + (place.Y * cell) + (row % edge)) * size) + ((place.X + 1) * cell);
                tile.AsSpan(row * edge, edge).CopyTo(plane.AsSpan(at));
            }
        }

        // A free tile's canvas begins at an even cell and ends with the overlap of the next; x is one cell to the left.
        List<double> seams = [];
        List<double> others = [];
        for (int line = 1; line < size; line++)
        {
            (double across, double down) = (0, 0);
            for (int i = 0; i < 3 * size; i++)
            {
                across += Math.Abs(plane[(i * size) + line] - plane[(i * size) + line - 1]);
                int at = ((i / size * size) + line) * size + (i % size);
                down += Math.Abs(plane[at] - plane[at - size]);
            }

            (IsSeam(line + cell) ? seams : others).Add(across);
            (IsSeam(line) ? seams : others).Add(down);
        }

        return seams.Average() / others.Average();

        bool IsSeam(int line) => line % (2 * cell) == 0 || line % (2 * cell) == edge;
    }

    private static float[] Columns(float[] tile, int first, int end) =>
        [.. tile.Where((_, i) => i % 16 >= first && i % 16 < end)];

    private IDenoiserBackend Open(string name) => name == LoadedModel.TorchName
        ? new TorchBackend(_folder)
        : new ComputeBackend(_folder, compute.Device, null, compute.Kernels);

    private Dictionary<(int X, int Y), float[]> Generate(
        IDenoiserBackend backend, SurfaceSettings settings, (int X, int Y)[] order, bool isReleasedAtOnce = false)
    {
        using DiffusionRuntime runtime = new(backend, _folder.Description);
        using EndlessSurface surface = new(runtime, settings);
        Dictionary<(int X, int Y), float[]> images = [];
        foreach ((int x, int y) in order)
        {
            surface.Want(x, y);
            if (isReleasedAtOnce)
            {
                Finish();
            }
        }

        Finish();
        return images;

        void Finish()
        {
            while (surface.Update())
            {
                runtime.Tick(TimeSpan.FromMilliseconds(100));
            }

            foreach ((int x, int y) in order.Where(place => surface.Get(place.X, place.Y).Status != default))
            {
                SurfaceTile tile = surface.Get(x, y);
                Assert.Equal((SurfaceTileStatus.Completed, null), (tile.Status, tile.FailureReason));
                SampleRing ring = runtime.GetSamples(tile.Texture);
                images[(x, y)] = ring.Sample(ring.CurrentSlot).ToArray();
                surface.Release(x, y);
            }
        }
    }
}
