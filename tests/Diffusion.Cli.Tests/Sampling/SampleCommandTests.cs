using System.CommandLine;
using Diffusion.Cli.Generation;
using Diffusion.Cli.Sampling;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;

namespace Diffusion.Cli.Tests.Sampling;

public sealed class SampleCommandTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"diffusion-sample-{Guid.NewGuid():N}");

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

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
        string file = Path.Combine(_folder, "tile.png");
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
        string ddim = Path.Combine(_folder, "ddim.png");
        string ddpm = Path.Combine(_folder, "ddpm.png");
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
        string model = Path.Combine(_folder, "model");
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
    public async Task Sample_AdaptiveSolverWithEta_IsRefused()
    {
        (int code, string error) = await Run("--solver", "rk45", "--eta", "0", "--out", Path.Combine(_folder, "x.png"));

        Assert.Equal((2, "diffusion: --eta 0: the solver 'rk45' adds no noise."), (code, error.TrimEnd()));
    }

    [Fact]
    public async Task Sample_GridAndAnimation_HaveTheirSizes()
    {
        string file = Path.Combine(_folder, "sheet.png");
        string animation = Path.Combine(_folder, "chain.gif");
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
        string file = Path.Combine(_folder, "sheet.png");
        await Run("--steps", "2", "--size", "16x16", "--seed", "5", "--grid", "2x1", "--out", file);
        string alone = Path.Combine(_folder, "alone.png");
        await Run("--steps", "2", "--size", "16x16", "--seed", "6", "--out", alone);

        using var sheet = Image.Load<Rgb24>(file);
        using var single = Image.Load<Rgb24>(alone);
        Assert.Equal(single[3, 4], sheet[16 + 3, 4]);
        Assert.Equal(single[15, 15], sheet[31, 15]);
    }

    [Theory]
    [InlineData("--steps", "0", "0")]
    [InlineData("--steps", "100000", "100000")]
    [InlineData("--class", "cheese", "cheese")]
    [InlineData("--size", "63x64", "63")]
    [InlineData("--size", "0x64", "0x64")]
    [InlineData("--size", "100000x100000", "100000")]
    [InlineData("--solver", "magic", "magic")]
    [InlineData("--eta", "0.5", "--eta: The solver 'dpmpp-2m' has no eta; ddim and ddim-optimal have.")]
    [InlineData("--eta", "1.5", "--eta is 1.5; it must be from 0 to 1.")]
    [InlineData("--eta", "NaN", "--eta is NaN; it must be from 0 to 1.")]
    [InlineData("--churn", "20", "--churn: The solver 'dpmpp-2m' has no churn; edm has.")]
    [InlineData("--churn", "-1", "--churn is -1; it must be from 0 to 1000.")]
    [InlineData("--schedule", "magic", "magic")]
    [InlineData("--precision", "double", "--precision is full or half, not 'double'.")]
    [InlineData("--precision", "half", "--precision half is for --backend compute, not ")]
    [InlineData("--backend", "magic", "--backend 'magic' is unknown: it must be one of torch, onnx, compute.")]
    [InlineData("--guidance", "-1", "-1")]
    [InlineData("--grid", "1000x1", "1000x1")]
    [InlineData("--noise-threads", "0", "0")]
    [InlineData("--model", "nowhere", "nowhere")]
    [InlineData("--model", "", "--model is empty")]
    [InlineData("--seed", "-3", "'--seed'. It must be a whole number of at least 0.")]
    [InlineData("--steps", "1e3", "'--steps'. It must be a whole number.")]
    [InlineData("--steps", "0", "--steps is 0; it must be from 1 to 1000.")]
    [InlineData("--guidance", "NaN", "--guidance is NaN; it must be from 0 to 100.")]
    [InlineData("--size", "66x64", "--size is 66x64; width and height must be multiples of 8")]
    [InlineData("--grid", "0x3", "--grid '0x3' must be COLUMNSxROWS")]
    [InlineData("--gif", "", "--gif is empty")]
    [InlineData("--gif", "chain.mp4", "--gif 'chain.mp4' is written as .gif")]
    [InlineData("--image", "nowhere.png", "nowhere.png")]
    [InlineData("--strength", "0.5", "--strength 0.5 needs --image.")]
    [InlineData("--strength", "NaN", "--strength is NaN; it must be above 0 and at most 1.")]
    [InlineData("--solver", "ddim-inversion", "it needs --image.")]
    [InlineData("--mask", "mask.png", "--mask needs --image")]
    [InlineData("--tiles", "65x1", "--tiles 65x1 is too large: at most 64 columns and rows.")]
    [InlineData("--tiles", "0x1", "--tiles '0x1' must be COLUMNSxROWS")]
    [InlineData("--departure", "0.5", "--departure 0.5 needs --tiles.")]
    [InlineData("--departure", "2", "--departure is 2; it must be above 0 and at most 1.")]
    public async Task Sample_BadOption_IsOneLineThatNamesItAndExitCode2(string option, string value, string named)
    {
        string file = Path.Combine(_folder, "texture.png");

        (int code, string error) = await Run("--out", file, option, value);

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task Sample_SameOutputTwice_IsOneLineAndExitCode2()
    {
        string file = Path.Combine(_folder, "both");

        (int code, string error) = await Run("--out", file, "--gif", file);

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains("--out and --gif", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sample_WeightIsNotANumber_IsOneLineThatNamesTheTensor()
    {
        string model = Path.Combine(_folder, "model");
        CopyModel(model);
        string weights = Path.Combine(model, "unet", "diffusion_pytorch_model.safetensors");
        byte[] bytes = await File.ReadAllBytesAsync(weights);
        (bytes[^2], bytes[^1]) = (0x00, 0x7e); // fp16's NaN, for the last value of the last tensor
        await File.WriteAllBytesAsync(weights, bytes);

        (int code, string error) = await Run("--model", model, "--out", Path.Combine(_folder, "texture.png"));

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Matches("tensor '[a-z_.0-9]+' holds a value that is not finite", error);
    }

    [Fact]
    public async Task Sample_InversionOfAnImage_Runs()
    {
        Directory.CreateDirectory(_folder);
        string picture = Path.Combine(_folder, "picture.png");
        using (var grey = new Image<Rgb24>(64, 64, new Rgb24(128, 128, 128)))
        {
            grey.SaveAsPng(picture);
        }

        (int code, string error) = await Run(
            "--image", picture, "--solver", "ddim-inversion", "--guidance", "1", "--steps", "4",
            "--out", Path.Combine(_folder, "noise.png"));

        Assert.Equal((0, ""), (code, error));
    }

    [Fact]
    public async Task Sample_UnwritableFolder_IsOneLineAndExitCode2()
    {
        Directory.CreateDirectory(_folder);
        string blocker = Path.Combine(_folder, "file");
        await File.WriteAllTextAsync(blocker, "mine");

        (int code, string error) = await Run("--out", Path.Combine(blocker, "texture.png"));

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(blocker, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "--out is empty")]
    [InlineData("folder/", "is a folder")]
    [InlineData("folder", "is a folder")]
    [InlineData("texture.jpg", ".png")]
    [InlineData("/dev/null", "is a device")]
    public async Task Sample_BadOutput_IsOneLineBeforeAnyWork(string path, string named)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "folder"));
        string file = path.Length == 0 ? "" : Path.Combine(_folder, path);

        (int code, string error) = await Run("--out", file, "--model", "nowhere");

        Assert.Equal(2, code);
        Assert.Contains(named, Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.Equal("folder", Path.GetFileName(Assert.Single(Directory.GetFileSystemEntries(_folder))));
    }

    [Fact]
    public async Task Sample_OutputIsALink_WritesItsTargetAndNeighboursStay()
    {
        Directory.CreateDirectory(_folder);
        string target = Path.Combine(_folder, "target.png");
        string link = Path.Combine(_folder, "link.png");
        File.CreateSymbolicLink(link, target);
        await File.WriteAllTextAsync(link + ".partial", "mine");

        (int code, _) = await Run("--steps", "1", "--size", "16x16", "--out", link);

        Assert.Equal(0, code);
        Assert.Equal(target, new FileInfo(link).LinkTarget);
        Image.Load(target).Dispose();
        Assert.Equal("mine", await File.ReadAllTextAsync(link + ".partial"));
        Assert.Equal(3, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public async Task Sample_FromAnImage_StaysNearItAtLowStrength()
    {
        Directory.CreateDirectory(_folder);
        string source = Path.Combine(_folder, "source.png");
        using (var half = new Image<Rgb24>(8, 16, new Rgb24(255, 0, 0)))
        {
            // Red on the left, black on the right.
            half.Mutate(context => context.Pad(16, 16, Color.Black).Crop(new Rectangle(4, 0, 12, 16)).Resize(16, 16));
            half.SaveAsPng(source);
        }

        string near = Path.Combine(_folder, "near.png");
        string noise = Path.Combine(_folder, "noise.png");
        Assert.Equal((0, ""), await Run("--image", source, "--strength", "0.05", "--size", "16x16", "--out", near));
        Assert.Equal((0, ""), await Run("--image", source, "--solver", "ddim-inversion", "--size", "16x16", "--out", noise));

        using var image = Image.Load<Rgb24>(near);
        Assert.True(image[3, 8].R > image[12, 8].R + 100);
        Assert.True(File.Exists(noise));
    }

    [Fact]
    public async Task Sample_Mask_KeepsWhatIsBlackAndPaintsWhatIsWhite()
    {
        Directory.CreateDirectory(_folder);
        string picture = Path.Combine(_folder, "picture.png");
        string mask = Path.Combine(_folder, "mask.png");
        string repaired = Path.Combine(_folder, "repaired.png");
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
            "--image", picture, "--mask", Path.Combine(_folder, "nowhere.png"), "--out", repaired);
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
        string field = Path.Combine(_folder, "field.png");

        Assert.Equal((0, ""), await Run("--tiles", "3x2", "--size", "40x40", "--steps", "1", "--out", field));

        using var image = Image.Load<Rgb24>(field);
        Assert.Equal(((3 * 24) + 16, (2 * 24) + 16), (image.Width, image.Height));
    }

    [Theory]
    [InlineData("--tiles does not go with --grid.", "--grid", "2x2")]
    [InlineData("--tiles does not go with --gif.", "--gif", "chain.gif")]
    [InlineData("--tiles does not go with --solver rk45.", "--solver", "rk45")]
    [InlineData("--tiles: Overlap must be 1 to 7 for tiles of 16x16, not 16.", "--size", "16x16")]
    [InlineData("'pndm' does not end at the clean estimate", "--solver", "pndm")]
    public async Task Sample_TilesWithWhatDoesNotGo_IsOneLineThatSaysSo(string message, params string[] options)
    {
        (int code, string error) = await Run(
            ["--tiles", "2x2", "--out", Path.Combine(_folder, "field.png"), .. options]);

        Assert.Equal(2, code);
        Assert.Contains(message, Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
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

    private static async Task<(int Code, string Error)> Run(params string[] arguments)
    {
        using var error = new StringWriter();
        var root = new RootCommand { SampleCommand.Create() };
        int code = await CommandLineHost.RunAsync(root, ["sample", .. arguments], error);
        return (code, error.ToString());
    }

    private static void CopyModel(string target)
    {
        string source = ModelLocator.Find(null);
        foreach (string file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    private async Task<byte[]> SampleBytes(string name, params string[] arguments)
    {
        string file = Path.Combine(_folder, name);
        (int code, string error) = await Run([.. arguments, "--steps", "4", "--size", "32x32", "--out", file]);
        Assert.Equal((0, ""), (code, error));
        return await File.ReadAllBytesAsync(file);
    }
}
