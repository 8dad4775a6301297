using Diffusion.Torch.Training;

namespace Diffusion.Torch.Tests.Training;

public sealed class TextureDatasetTests
{
    private const int Canvas = 32;

    [Fact]
    public void Draw_Classes_AreDrawnByTheSquareRootOfTheirSizes()
    {
        // Sixteen pictures of one class and one of the other: 4 to 1.
        TextureDataset data = TextureDataset.Create(
            [.. Enumerable.Range(0, 16).Select(i => Picture($"a{i:00}", "many", i)), Picture("b", "one", 99)], Canvas);
        CounterRandom random = new(seed: 5, iteration: 1, purpose: 1);

        long ones = data.Draw(ref random, 4000).Labels.Count(label => label == 1);

        // Three standard deviations of a binomial of 0.2; the stream is fixed.
        Assert.InRange(ones, 800 - 76, 800 + 76);
    }

    [Fact]
    public void DrawLarge_ShowsTwiceTheCanvasWithTheBorderOfWhatDoesNotWrapLeftOut()
    {
        TextureDataset data = TextureDataset.Create([Picture("a", "ramp", 1)], Canvas);
        CounterRandom random = new(seed: 5, iteration: 1, purpose: 1);

        TrainingBatch batch = data.DrawLarge(ref random, 2);

        Assert.Equal((2 * Canvas, 2), (batch.Edge, batch.Count));
        Assert.Equal(2 * 3 * 4 * Canvas * Canvas, batch.Pixels.Length);
        int inner = (2 * Canvas) - (2 * TextureDataset.CropBorder);
        Assert.Equal(2 * inner * inner, batch.Mask.Sum());
    }

    [Fact]
    public void Create_MarkedPictures_AreHeldOutAndNoOthers()
    {
        TrainingImage[] images =
        [
            .. Enumerable.Range(0, 20).Select(i => Picture($"a{i:00}", "noise", i) with { IsHeldOut = i is 3 or 4 }),
        ];

        TextureDataset data = TextureDataset.Create(images, Canvas);

        Assert.Equal((18, 2), (data.TrainingCount, data.HeldOutCount));
        (float[] pixels, _) = data.HeldOutPictures([0]);
        Assert.Equal((images[3].Rgb.Span[0] / 127.5f) - 1, pixels[0]);
    }

    [Theory]
    [InlineData("brick", 2)]
    [InlineData("grass", 8)]
    public void Copy_ShowsATextureInAsManyWaysAsItsClassAllows(string className, int ways)
    {
        byte[] tile = [.. Enumerable.Range(0, 27).Select(i => (byte)(i * 4))];
        CounterRandom random = new(seed: 5, iteration: 1, purpose: 1);
        HashSet<string> seen = [];
        for (int i = 0; i < 200; i++)
        {
            float[] red = new float[27];
            TextureAugmentation.Draw(className, ref random).Copy(tile, 3, 0, 0, red, 3);

            // The order of the nine pixels by brightness tells which way up they are, in whatever light.
            seen.Add(string.Join(' ', Enumerable.Range(0, 9).OrderBy(p => red[p])));
        }

        Assert.Equal(ways, seen.Count);
    }

    [Fact]
    public void Copy_LightAndTint_KeepWithinTheirRangesAndBelowWhite()
    {
        byte[] tile = [100, 100, 100];
        CounterRandom random = new(seed: 5, iteration: 1, purpose: 1);
        float[] colour = new float[3];
        for (int i = 0; i < 200; i++)
        {
            TextureAugmentation.Draw("brick", ref random).Copy(tile, 1, 0, 0, colour, 1);
            Assert.All(colour, value => Assert.InRange((value + 1) * 127.5f, 100 * 0.88f * 0.95f, 100 * 1.12f * 1.05f));
        }

        TextureAugmentation.Draw("brick", ref random).Copy([255, 255, 255], 1, 0, 0, colour, 1);
        Assert.All(colour, value => Assert.InRange(value, -1, 1));
    }

    // Noise at the canvas's resolution on a ramp, so that opposite edges do not meet.
    private static TrainingImage Picture(string name, string className, int seed)
    {
        const int Edge = 2 * Canvas;
        Random random = new(seed);
        byte[] rgb = new byte[3 * Edge * Edge];
        for (int i = 0; i < rgb.Length; i++)
        {
            int x = i / 3 % Edge;
            int y = i / 3 / Edge;
            rgb[i] = (byte)(x + y + (((seed * 37) + (x / 2 * 7) + (y / 2 * 13)) % 60));
        }

        rgb[0] = rgb[3] = rgb[3 * Edge] = rgb[(3 * Edge) + 3] = (byte)random.Next(256);
        return new TrainingImage(name, className, Edge, rgb);
    }
}
