using Diffusion.Torch.Quality;

namespace Diffusion.Torch.Tests.Quality;

/// <summary>What single pictures are described by.</summary>
public sealed class PictureFeatureTests
{
    private const int Edge = 32;

    [Fact]
    public void Statistics_PictureRolledAround_AreTheSame()
    {
        float[] picture = Pictures.Noise(Edge, 0.8, 3);
        Assert.True(SeamError.Wraps(picture, Edge, Edge));

        float[] there = TextureStatistics.Of(picture, Edge);
        float[] here = TextureStatistics.Of(Pictures.Roll(picture, Edge, 5, 17), Edge);

        Assert.Equal(TextureStatistics.Count, there.Length);
        Assert.All(there.Zip(here), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    [Fact]
    public void Statistics_Cosine_AreItsClosedForm()
    {
        // cos(w·x) of amplitude a has spread a/sqrt(2), slope 2·a·sin(w)·sin(w·x) over two pixels, and none down.
        const double Amplitude = 0.6;
        double w = Math.Tau * 4 / Edge;
        float[] statistics = TextureStatistics.Of(Pictures.Grey(Edge, (x, _) => Amplitude * Math.Cos(w * x)), Edge);

        Assert.Equal(0, statistics[0], 1e-5f);
        Assert.Equal(Math.Log((Amplitude / Math.Sqrt(2)) + 0.01), statistics[1], 1e-4);
        Assert.Equal(Math.Log((2 * Amplitude * Math.Sin(w) / Math.Sqrt(2)) + 0.01), statistics[6], 1e-4);
        Assert.Equal(Math.Log(0.01), statistics[7], 1e-4);
    }

    [Fact]
    public void Statistics_PictureThatDoesNotWrap_DoNotSeeItsEdge()
    {
        // A ramp has one slope inside; over the edge it would fall by all of it.
        float[] statistics = TextureStatistics.Of(Pictures.Grey(Edge, (x, _) => x / 100.0), Edge);

        Assert.Equal(Math.Log(0.02 + 0.01), statistics[6], 1e-4);
    }

    [Fact]
    public void Patches_FlatPicture_AreZeroButForTheRemainder()
    {
        float[][] levels = new LaplacianPatches(Edge, 1).Extract(Pictures.Grey(Edge, (_, _) => 0.25));

        Assert.All(levels[0].Concat(levels[1]), value => Assert.Equal(0, value));
        Assert.All(levels[2], value => Assert.Equal(0.25f, value));
        Assert.All(levels, level => Assert.Equal(0, level.Length % LaplacianPatches.Dimension));
    }

    [Fact]
    public void Patches_Checkerboard_AreAllInTheFinestLevel()
    {
        float[] board = Pictures.Grey(Edge, (x, y) => (x + y) % 2 == 0 ? 1 : -1);
        float[][] levels = new LaplacianPatches(Edge, 1).Extract(board);

        Assert.All(levels[0], value => Assert.Equal(1, Math.Abs(value)));
        Assert.All(levels[1].Concat(levels[2]), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Nearest_CopyThatWasRolledMirroredAndBrightened_IsFound()
    {
        float[][] set = [.. Enumerable.Range(0, 9).Select(seed => Pictures.Noise(Edge, 0.5, seed))];
        using var nearest = new NearestPictures(set, Edge);
        float[] copy = [.. Pictures.Mirror(Pictures.Roll(set[6], Edge, 9, 20), Edge).Select(v => (0.7f * v) + 0.2f)];

        Assert.Equal(0, nearest.Distance(copy), 0.005);
        Assert.Equal(0, nearest.Distance([.. set[2].Select(v => -v)]), 0.005);
        Assert.InRange(nearest.Distance(Pictures.Noise(Edge, 0.5, 100)), 1.2, Math.Sqrt(2));
        Assert.Equal(Math.Sqrt(2), nearest.Distance(Pictures.Grey(Edge, (_, _) => 0.3)), 0.01);
    }

    [Fact]
    public void Nearest_PictureMixedWithNoise_IsAtTheDistanceOfTheirCorrelation()
    {
        float[] picture = Pictures.Grey(Edge, NoiseOf(1));
        float[] noise = Pictures.Grey(Edge, NoiseOf(2));
        using var nearest = new NearestPictures([picture], Edge);

        // Equal parts of two independent noises correlate with either by sqrt(1/2).
        Assert.Equal(Math.Sqrt(2 - Math.Sqrt(2)), nearest.Distance([.. picture.Zip(noise, (a, b) => a + b)]), 0.05);
    }

    private static Func<int, int, double> NoiseOf(int seed)
    {
        float[] noise = Pictures.Noise(Edge, 1, seed);
        return (x, y) => noise[(y * Edge) + x];
    }
}
