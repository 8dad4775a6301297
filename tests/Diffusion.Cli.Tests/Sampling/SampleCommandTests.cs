using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;

namespace Diffusion.Cli.Tests.Sampling;

/// <summary><c>sample</c> with what it can do.</summary>
public sealed class SampleCommandTests : SamplingTests
{
    [Theory]
    [InlineData("dpmpp-2m")]
    [InlineData("ddpm")]
    public async Task Sample_SameSeedAnyNoiseThreads_GivesTheSameBytes(string solver)
    {
        byte[] first = await SampleBytes("a.png", "--solver", solver, "--seed", "7", "--noise-threads", "1");
        byte[] again = await SampleBytes("b.png", "--solver", solver, "--seed", "7", "--noise-threads", "1");
        byte[] threaded = await SampleBytes("c.png", "--solver", solver, "--seed", "7", "--noise-threads", "2");
        byte[] other = await SampleBytes("d.png", "--solver", solver, "--seed", "8", "--noise-threads", "1");

        Assert.Equal(first, again);
        Assert.Equal(first, threaded);
        Assert.NotEqual(first, other);
    }

    [Theory]
    [InlineData("brick")]
    [InlineData("rock")]
    [InlineData("grass")]
    public async Task Sample_Seamless_WrapsNoWorseThanItsInside(string name)
    {
        string file = Path.Combine(Folder, "tile.png");
        (int code, string error) = await Run(
            "--class", name, "--steps", "20", "--size", "64x64", "--seamless", "--seed", "3", "--out", file);
        Assert.Equal((0, ""), (code, error));

        using var image = Image.Load<Rgb24>(file);
        Assert.InRange(LineDifference(image, image.Width - 1, 0, true), 0, Percentile95(image, true));
        Assert.InRange(LineDifference(image, image.Height - 1, 0, false), 0, Percentile95(image, false));
    }

    [Theory]
    [InlineData("ddim", "--eta", "0", "0.5")]
    [InlineData("edm", "--churn", "40", "1")]
    public async Task Sample_NoiseOfASolver_IsThatOfTheOption(string solver, string option, string own, string other)
    {
        byte[] plain = await SampleBytes("a.png", "--solver", solver);
        byte[] named = await SampleBytes("b.png", "--solver", solver, option, own);
        byte[] changed = await SampleBytes("c.png", "--solver", solver, option, other);

        Assert.Equal(plain, named);
        Assert.NotEqual(plain, changed);
    }

    [Fact]
    public async Task Sample_DdimWithEtaOne_IsDdpm()
    {
        // The same maps up to float rounding, which a byte may show.
        string ddim = Path.Combine(Folder, "ddim.png");
        string ddpm = Path.Combine(Folder, "ddpm.png");
        await Run("--solver", "ddim", "--eta", "1", "--steps", "5", "--size", "16x16", "--out", ddim);
        await Run("--solver", "ddpm", "--steps", "5", "--size", "16x16", "--out", ddpm);

        using var one = Image.Load<Rgb24>(ddim);
        using var other = Image.Load<Rgb24>(ddpm);
        for (int x = 0; x < 16; x++)
        {
            Assert.InRange(Math.Abs(one[x, x].G - other[x, x].G), 0, 1);
        }
    }

    [Fact]
    public async Task Sample_SchedulerThatEndsAtItsTable_KeepsTheNoiseThere()
    {
        string model = Path.Combine(Folder, "model");
        CopyModel(model);
        List<byte[]> images = [];
        foreach (string value in (string[])["true", "false"])
        {
            await File.WriteAllTextAsync(
                Path.Combine(model, "scheduler", "scheduler_config.json"),
                $$"""
                {"_class_name": "DDIMScheduler", "beta_schedule": "squaredcos_cap_v2", "timestep_spacing": "trailing",
                 "prediction_type": "v_prediction", "set_alpha_to_one": {{value}}}
                """);
            images.Add(await SampleBytes($"{value}.png", "--model", model, "--solver", "model"));
        }

        Assert.NotEqual(images[0], images[1]);
    }

    [Fact]
    public async Task Sample_GridAndAnimation_HaveTheirSizes()
    {
        string file = Path.Combine(Folder, "sheet.png");
        string animation = Path.Combine(Folder, "chain.gif");
        (int code, string error) = await Run(
            "--steps", "3", "--size", "32x16", "--grid", "3x2", "--out", file, "--gif", animation, "--guidance", "2");

        Assert.Equal((0, ""), (code, error));
        using var sheet = Image.Load<Rgb24>(file);
        Assert.Equal((96, 32), (sheet.Width, sheet.Height));
        using var chain = Image.Load<Rgb24>(animation);
        Assert.Equal((32, 16, 3), (chain.Width, chain.Height, chain.Frames.Count));
    }

    [Fact]
    public async Task Sample_GridCell_IsTheTextureOfItsSeed()
    {
        string file = Path.Combine(Folder, "sheet.png");
        await Run("--steps", "2", "--size", "16x16", "--seed", "5", "--grid", "2x1", "--out", file);
        string alone = Path.Combine(Folder, "alone.png");
        await Run("--steps", "2", "--size", "16x16", "--seed", "6", "--out", alone);

        using var sheet = Image.Load<Rgb24>(file);
        using var single = Image.Load<Rgb24>(alone);
        Assert.Equal(single[3, 4], sheet[16 + 3, 4]);
        Assert.Equal(single[15, 15], sheet[31, 15]);
    }

    [Fact]
    public async Task Sample_InversionOfAnImage_Runs()
    {
        string picture = Path.Combine(Folder, "picture.png");
        using (var grey = new Image<Rgb24>(64, 64, new Rgb24(128, 128, 128)))
        {
            grey.SaveAsPng(picture);
        }

        (int code, string error) = await Run(
            "--image", picture, "--solver", "ddim-inversion", "--guidance", "1", "--steps", "4",
            "--out", Path.Combine(Folder, "noise.png"));

        Assert.Equal((0, ""), (code, error));
    }

    [Fact]
    public async Task Sample_OutputIsALink_WritesItsTargetAndNeighboursStay()
    {
        string target = Path.Combine(Folder, "target.png");
        string link = Path.Combine(Folder, "link.png");
        File.CreateSymbolicLink(link, target);
        await File.WriteAllTextAsync(link + ".partial", "mine");

        (int code, _) = await Run("--steps", "1", "--size", "16x16", "--out", link);

        Assert.Equal(0, code);
        Assert.Equal(target, new FileInfo(link).LinkTarget);
        Image.Load(target).Dispose();
        Assert.Equal("mine", await File.ReadAllTextAsync(link + ".partial"));
        Assert.Equal(3, Directory.GetFiles(Folder).Length);
    }

    [Fact]
    public async Task Sample_FromAnImage_StaysNearItAtLowStrength()
    {
        string source = Path.Combine(Folder, "source.png");
        using (var half = new Image<Rgb24>(8, 16, new Rgb24(255, 0, 0)))
        {
            // Red on the left, black on the right.
            half.Mutate(context => context.Pad(16, 16, Color.Black).Crop(new Rectangle(4, 0, 12, 16)).Resize(16, 16));
            half.SaveAsPng(source);
        }

        string near = Path.Combine(Folder, "near.png");
        string noise = Path.Combine(Folder, "noise.png");
        Assert.Equal((0, ""), await Run("--image", source, "--strength", "0.05", "--size", "16x16", "--out", near));
        Assert.Equal((0, ""), await Run("--image", source, "--solver", "ddim-inversion", "--size", "16x16", "--out", noise));

        using var image = Image.Load<Rgb24>(near);
        Assert.True(image[3, 8].R > image[12, 8].R + 100);
        Assert.True(File.Exists(noise));
    }

    [Fact]
    public async Task Sample_Mask_KeepsWhatIsBlackAndPaintsWhatIsWhite()
    {
        string picture = Path.Combine(Folder, "picture.png");
        string mask = Path.Combine(Folder, "mask.png");
        string repaired = Path.Combine(Folder, "repaired.png");
        using (var grey = new Image<Rgb24>(32, 32, new Rgb24(200, 130, 40)))
        using (var half = new Image<Rgb24>(32, 32, new Rgb24(255, 255, 255)))
        {
            half.ProcessPixelRows(rows =>
            {
                for (int y = 0; y < 32; y++)
                {
                    rows.GetRowSpan(y)[..16].Clear();
                }
            });
            grey.SaveAsPng(picture);
            half.SaveAsPng(mask);
        }

        Assert.Equal(
            (0, ""),
            await Run("--image", picture, "--mask", mask, "--size", "32x32", "--steps", "4", "--out", repaired));

        using var image = Image.Load<Rgb24>(repaired);
        Assert.Equal(new Rgb24(200, 130, 40), image[0, 0]);
        Assert.Equal(new Rgb24(200, 130, 40), image[15, 31]);
        Assert.True(Enumerable.Range(0, 32).Count(y => image[24, y] != image[0, 0]) > 16);
        (int code, string error) = await Run(
            "--image", picture, "--mask", Path.Combine(Folder, "nowhere.png"), "--out", repaired);
        Assert.Equal(2, code);
        Assert.Contains("nowhere.png", error, StringComparison.Ordinal);
        (code, error) = await Run(
            "--image", picture, "--mask", mask, "--solver", "ddim-inversion", "--out", repaired);
        Assert.Equal(
            (2, "diffusion: --solver ddim-inversion turns a whole picture into noise; it takes no --mask."),
            (code, error.TrimEnd()));
    }

    [Fact]
    public async Task Sample_Tiles_AreAFieldOfThatSize()
    {
        string field = Path.Combine(Folder, "field.png");

        Assert.Equal((0, ""), await Run("--tiles", "3x2", "--size", "40x40", "--steps", "1", "--out", field));

        using var image = Image.Load<Rgb24>(field);
        Assert.Equal(((3 * 24) + 16, (2 * 24) + 16), (image.Width, image.Height));
    }

    private static double Percentile95(Image<Rgb24> image, bool columns)
    {
        int count = (columns ? image.Width : image.Height) - 1;
        double[] inside = [.. Enumerable.Range(0, count).Select(i => LineDifference(image, i, i + 1, columns)).Order()];
        return inside[(int)Math.Ceiling(0.95 * count) - 1];
    }

    private static double LineDifference(Image<Rgb24> image, int first, int second, bool columns)
    {
        int length = columns ? image.Height : image.Width;
        double sum = 0;
        for (int i = 0; i < length; i++)
        {
            Rgb24 a = columns ? image[first, i] : image[i, first];
            Rgb24 b = columns ? image[second, i] : image[i, second];
            sum += Math.Abs(a.R - b.R) + Math.Abs(a.G - b.G) + Math.Abs(a.B - b.B);
        }

        return sum / length;
    }

    private async Task<byte[]> SampleBytes(string name, params string[] arguments)
    {
        string file = Path.Combine(Folder, name);
        (int code, string error) = await Run([.. arguments, "--steps", "4", "--size", "32x32", "--out", file]);
        Assert.Equal((0, ""), (code, error));
        return await File.ReadAllBytesAsync(file);
    }
}
