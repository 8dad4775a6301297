using Diffusion.Cli.Sampling;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;

namespace Diffusion.Cli.Tests.Sampling;

/// <summary><c>sample</c> with a variation, a second class and given colours.</summary>
public sealed class ControlTests : SamplingTests
{
    [Fact]
    public async Task Sample_VariationRange_GoesFromOneSeedsTextureToTheOthers()
    {
        using Image<Rgb24> strip = await Draw(
            "--grid", "3x1", "--seed", "7", "--variation-seed", "8", "--variation", "0..1");
        using Image<Rgb24> first = await Draw("--seed", "7");
        using Image<Rgb24> last = await Draw("--seed", "8");
        using Image<Rgb24> middle = await Draw("--seed", "7", "--variation-seed", "8", "--variation", "0.5");

        Assert.Equal(Pixels(first), Cell(strip, 0));
        Assert.Equal(Pixels(middle), Cell(strip, 1));
        Assert.Equal(Pixels(last), Cell(strip, 2));
        Assert.NotEqual(Pixels(first), Pixels(middle));
    }

    [Fact]
    public async Task Sample_SecondClassByBlackAndWhiteMask_IsThatOfWeightsZeroAndOne()
    {
        foreach ((string name, byte grey, string weight) in new[] { ("black", (byte)0, "0"), ("white", (byte)255, "1") })
        {
            string mask = Path.Combine(Folder, $"{name}.png");
            using (var picture = new Image<Rgb24>(4, 4, new Rgb24(grey, grey, grey)))
            {
                picture.SaveAsPng(mask);
            }

            using Image<Rgb24> masked = await Draw("--second-class", "rock", "--second-mask", mask);
            using Image<Rgb24> weighed = await Draw("--second-class", "rock", "--second-weight", weight);
            Assert.Equal(Pixels(weighed), Pixels(masked));
        }
    }

    [Fact]
    public async Task Sample_Color_IsThePicturesMean()
    {
        using Image<Rgb24> picture = await Draw("--color", "#a08060");
        Rgb24[] pixels = Pixels(picture);

        // Half a level, and as much for what the ends of the range cut off.
        Assert.Equal(0xA0, pixels.Average(pixel => (double)pixel.R), 1.0);
        Assert.Equal(0x80, pixels.Average(pixel => (double)pixel.G), 1.0);
        Assert.Equal(0x60, pixels.Average(pixel => (double)pixel.B), 1.0);
    }

    [Theory]
    [InlineData("--second-weight needs --second-class", "--second-weight", "0.5")]
    [InlineData("--second-class needs --second-weight or --second-mask", "--second-class", "rock")]
    [InlineData("--second-class 'lava2' is unknown", "--second-class", "lava2", "--second-weight", "0.5")]
    [InlineData("--second-weight '2' must be a number from 0 to 1", "--second-class", "rock", "--second-weight", "2")]
    [InlineData("--variation needs --variation-seed", "--variation", "0.5")]
    [InlineData("--variation-seed needs --variation", "--variation-seed", "5")]
    [InlineData("--variation '0..' must be", "--variation-seed", "5", "--variation", "0..")]
    [InlineData("--color 'red' must be six hexadecimal digits", "--color", "red")]
    [InlineData("--color and --palette", "--color", "#000000", "--palette", "x.png")]
    [InlineData("--color-strength needs --color or --palette", "--color-strength", "0.5")]
    [InlineData("no-such.png", "--palette", "no-such.png")]
    public async Task Sample_BadControl_IsOneLineThatNamesItAndExitCode2(string named, params string[] arguments)
    {
        (int code, string error) = await Run([.. arguments, "--out", Path.Combine(Folder, "x.png")]);

        Assert.Equal(2, code);
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.False(File.Exists(Path.Combine(Folder, "x.png")));
    }

    [Fact]
    public void WeightRange_OverASheet_GoesInEqualSteps()
    {
        WeightRange range = WeightRange.Parse("0.2..0.6", "--variation");

        Assert.Equal((0.2f, 0.6f), (range.At(0, 3), range.At(2, 3)));
        Assert.Equal(0.4f, range.At(1, 3), 1e-6f);
        Assert.True(range.IsRange);
        Assert.False(WeightRange.Parse("0.2", "--variation").IsRange);
    }

    private async Task<Image<Rgb24>> Draw(params string[] arguments)
    {
        string file = Path.Combine(Folder, "drawn.png");
        (int code, string error) = await Run(
            ["--class", "grass", "--size", "32x32", "--steps", "3", .. arguments, "--out", file]);
        Assert.Equal((0, ""), (code, error));
        return Image.Load<Rgb24>(file);
    }

    private static Rgb24[] Cell(Image<Rgb24> strip, int index)
    {
        using Image<Rgb24> cell = strip.Clone(
            context => context.Crop(new Rectangle(index * strip.Height, 0, strip.Height, strip.Height)));
        return Pixels(cell);
    }

    private static Rgb24[] Pixels(Image<Rgb24> image)
    {
        var pixels = new Rgb24[image.Width * image.Height];
        image.CopyPixelDataTo(pixels);
        return pixels;
    }
}
