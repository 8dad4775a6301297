using System.CommandLine;
using System.IO.Compression;
using Diffusion.Cli.Data;
using Diffusion.Cli.Evaluation;
using Diffusion.Cli.Sampling;
using Diffusion.Cli.Training;
using Diffusion.Runtime.Models;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace Diffusion.Cli.Tests.Evaluation;

public sealed class EvaluateCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("diffusion-evaluate-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Evaluate_GreyModel_TrainsMeasuresAndSavesTheOptimalVariance()
    {
        string data = WriteGrey();
        string model = await Train(data);
        ModelFolder before = ModelFolder.Open(model);
        Assert.Equal((1, 28, 1), (before.Config.InChannels, before.Config.SampleSize, before.Config.PatchSize));
        Assert.Equal("T-shirt/top", before.ClassNames[0]);
        (int sampled, string refused) = await Run("sample", "--model", model, "--out", Path.Combine(_folder, "grey.png"));
        AssertOneLine(sampled, refused, "grey networks can be trained and evaluated only");

        (int code, string error) = await Run(
            "evaluate", "--bpd", "vlb", "--model", model, "--data", data, "--count", "3", "--batch", "2", "--steps", "4");
        Assert.Equal((0, ""), (code, error));

        (code, error) = await Run("evaluate", "--bpd", "vlb", "--variance", "optimal", "--model", model, "--data", data);
        Assert.Equal(2, code);
        Assert.Contains("--optimal-variance", error, StringComparison.Ordinal);

        (code, error) = await Run(
            "evaluate", "--optimal-variance", "--model", model, "--data", data, "--count", "4", "--steps", "5");
        Assert.Equal((0, ""), (code, error));
        var description = ModelFolder.Open(model).Description;
        Assert.InRange(description.CleanVariance!.Lambdas.Count, 3, 5);
        Assert.Equal(description.Schedule.At(0).Lambda, description.CleanVariance.Lambdas[^1], 1e-9);
        Assert.Equal(description.Schedule.At(999).Lambda, description.CleanVariance.Lambdas[0], 1e-9);

        (code, error) = await Run(
            "evaluate", "--bpd", "vlb", "--variance", "optimal", "--model", model, "--data", data, "--count", "2", "--steps", "4");
        Assert.Equal((0, ""), (code, error));

        (code, error) = await Run(
            "evaluate", "--bpd", "ode", "--model", model, "--data", data, "--count", "2", "--tolerance", "0.05");
        Assert.Equal((0, ""), (code, error));
    }

    [Fact]
    public async Task Evaluate_TextureModel_MeasuresTheHeldOutPictures()
    {
        string data = WriteTextures();
        string model = await Train(data, "--canvas", "32");

        (int code, string error) = await Run(
            "evaluate", "--bpd", "vlb", "--model", model, "--data", data, "--count", "2", "--steps", "3");
        Assert.Equal((0, ""), (code, error));

        (code, error) = await Run("evaluate", "--bpd", "vlb", "--model", model, "--data", data, "--count", "3");
        AssertOneLine(code, error, "2 held-out pictures");

        (code, error) = await Run("evaluate", "--bpd", "vlb", "--model", model, "--data", WriteGrey(), "--count", "1");
        AssertOneLine(code, error, "takes 3 channels");
    }

    [Theory]
    [InlineData("either --bpd vlb")]
    [InlineData("either --bpd vlb", "--bpd", "ode", "--optimal-variance")]
    [InlineData("magic", "--bpd", "magic")]
    [InlineData("--steps 5", "--bpd", "ode", "--steps", "5")]
    [InlineData("--variance small", "--bpd", "ode", "--variance", "small")]
    [InlineData("--tolerance is 0", "--bpd", "ode", "--tolerance", "0")]
    [InlineData("--count is 0", "--bpd", "vlb", "--count", "0")]
    [InlineData("--batch is -1", "--bpd", "vlb", "--batch", "-1")]
    [InlineData("nowhere", "--bpd", "vlb")]
    public async Task Evaluate_BadOption_IsOneLineThatNamesItAndExitCode2(string named, params string[] options)
    {
        (int code, string error) = await Run(["evaluate", "--model", "nowhere", "--data", "nothing", .. options]);

        AssertOneLine(code, error, named);
    }

    [Theory]
    [InlineData("t10k-labels-idx1-ubyte.gz", null, "is missing")]
    [InlineData("t10k-labels-idx1-ubyte.gz", "", "cut off")]
    [InlineData("train-labels-idx1-ubyte.gz", "00000801000000010B", "labels go from 0 to 9")]
    [InlineData("train-labels-idx1-ubyte.gz", "000008010000000100", "do not fit together")]
    [InlineData("train-labels-idx1-ubyte.gz", "00000801FFFFFFFF00", "it must be 1 to")]
    [InlineData("train-labels-idx1-ubyte.gz", "000008010000000500", "cut off")]
    [InlineData("train-images-idx3-ubyte.gz", "00000801", "must be 2051")]
    [InlineData("train-images-idx3-ubyte.gz", "00000803000000010000001C0000001D", "width")]
    public async Task Train_HostileIdxFile_IsOneLineThatNamesIt(string file, string? hex, string named)
    {
        string data = WriteGrey();
        File.Delete(Path.Combine(data, file));
        if (hex is not null)
        {
            // A single picture that one label fits, for the labels that are in order themselves.
            WriteGzip(Path.Combine(data, "train-images-idx3-ubyte.gz"), Pictures(hex.EndsWith("0B", StringComparison.Ordinal) ? 1 : 20));
            WriteGzip(Path.Combine(data, file), Convert.FromHexString(hex));
        }

        (int code, string error) = await Run("train", "--data", data, "--out", Path.Combine(_folder, "run"), "--iterations", "1");

        AssertOneLine(code, error, named);
    }

    [Fact]
    public async Task Train_CanvasThatGreyPicturesDoNotHave_SaysSo()
    {
        (int code, string error) = await Run(
            "train", "--data", WriteGrey(), "--out", Path.Combine(_folder, "run"), "--canvas", "64", "--iterations", "1");

        AssertOneLine(code, error, "28 pixels");
    }

    private static void AssertOneLine(int code, string error, string named)
    {
        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(named, error, StringComparison.Ordinal);
    }

    private async Task<string> Train(string data, params string[] options)
    {
        string model = Path.Combine(_folder, "model");
        (int code, string error) = await Run(
        [
            "train", "--data", data, "--out", Path.Combine(_folder, "run"), "--iterations", "2", "--batch", "2", "--width", "32,32",
            "--sample-every", "9", "--device", "cpu", "--export", model, .. options,
        ]);
        Assert.Equal((0, ""), (code, error));
        return model;
    }

    /// <summary>Twenty pictures to train on and five held out, of noise.</summary>
    private string WriteGrey()
    {
        string data = Path.Combine(_folder, "grey");
        Directory.CreateDirectory(data);
        WriteGzip(Path.Combine(data, "train-images-idx3-ubyte.gz"), Pictures(20));
        WriteGzip(Path.Combine(data, "train-labels-idx1-ubyte.gz"), Labels(20));
        WriteGzip(Path.Combine(data, "t10k-images-idx3-ubyte.gz"), Pictures(5));
        WriteGzip(Path.Combine(data, "t10k-labels-idx1-ubyte.gz"), Labels(5));
        return data;
    }

    private static byte[] Pictures(int count)
    {
        byte[] bytes = [0, 0, 8, 3, 0, 0, 0, (byte)count, 0, 0, 0, 28, 0, 0, 0, 28, .. new byte[count * 784]];
        new Random(1).NextBytes(bytes.AsSpan(16));
        return bytes;
    }

    private static byte[] Labels(int count) =>
        [0, 0, 8, 1, 0, 0, 0, (byte)count, .. Enumerable.Range(0, count).Select(i => (byte)(i % 10))];

    private static void WriteGzip(string path, byte[] bytes)
    {
        using var stream = new GZipStream(File.Create(path), CompressionLevel.Fastest);
        stream.Write(bytes);
    }

    /// <summary>Two classes of eight pictures of noise, of which the split holds the last out.</summary>
    private string WriteTextures()
    {
        string data = Path.Combine(_folder, "textures");
        var random = new Random(1);
        byte[] pixels = new byte[64 * 64 * 3];
        foreach (string name in (ReadOnlySpan<string>)["red", "blue"])
        {
            Directory.CreateDirectory(Path.Combine(data, name));
            for (int i = 0; i < 8; i++)
            {
                random.NextBytes(pixels);
                using var image = Image.LoadPixelData<Rgb24>(pixels, 64, 64);
                image.SaveAsPng(Path.Combine(data, name, $"picture{(char)('a' + i)}.png"));
            }
        }

        return data;
    }

    private static async Task<(int Code, string Error)> Run(params string[] arguments)
    {
        using var error = new StringWriter();
        var root = new RootCommand
        {
            SampleCommand.Create(), TrainCommand.Create(), EvaluateCommand.Create(), DataCommand.Create(),
        };
        int code = await CommandLineHost.RunAsync(root, arguments, error);
        return (code, error.ToString());
    }
}
