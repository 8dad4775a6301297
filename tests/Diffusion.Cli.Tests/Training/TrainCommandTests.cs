using System.CommandLine;
using System.Text.Json;
using Diffusion.Cli.Data;
using Diffusion.Cli.Sampling;
using Diffusion.Cli.Training;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace Diffusion.Cli.Tests.Training;

public sealed class TrainCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("diffusion-train-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Train_ShortRun_LeavesCheckpointLogPicturesAndAModelThatSamples()
    {
        string data = WriteData();
        string run = Path.Combine(_folder, "run");
        string model = Path.Combine(_folder, "model");

        (int code, string error) = await Run(
            "train", "--data", data, "--out", run, "--iterations", "4", "--batch", "2", "--width", "32,32", "--canvas", "32",
            "--sample-every", "2", "--checkpoint-every", "2", "--device", "cpu", "--export", model);

        Assert.Equal((0, ""), (code, error));
        Assert.NotEmpty(Directory.GetFiles(run, "checkpoint-*.safetensors"));
        Assert.All(["loss.png", "samples.png", "samples-000002.png"], name => Image.Load(Path.Combine(run, name)).Dispose());
        Assert.Equal(5, File.ReadAllLines(Path.Combine(run, "log.csv")).Length);

        string texture = Path.Combine(_folder, "texture.png");
        (code, error) = await Run("sample", "--model", model, "--class", "blue", "--steps", "2", "--out", texture);
        Assert.Equal((0, ""), (code, error));
        using var image = Image.Load(texture);
        Assert.Equal((32, 32), (image.Width, image.Height));
    }

    [Theory]
    [InlineData("--data", "nowhere", "nowhere")]
    [InlineData("--batch", "0", "0")]
    [InlineData("--learning-rate", "-1", "-1")]
    [InlineData("--prediction", "magic", "magic")]
    [InlineData("--schedule", "magic", "magic")]
    [InlineData("--device", "magic", "magic")]
    [InlineData("--width", "wide", "wide")]
    [InlineData("--learning-rate", "NaN", "--learning-rate is NaN")]
    [InlineData("--minutes", "NaN", "--minutes is NaN")]
    [InlineData("--minutes", "-1", "--minutes is -1")]
    [InlineData("--batch", "1000000", "--batch is 1000000; it must be from 1 to 4096")]
    public async Task Train_BadOption_IsOneLineThatNamesItAndExitCode2(string option, string value, string named)
    {
        string run = Path.Combine(_folder, "run");
        string[] data = option == "--data" ? [] : ["--data", WriteData()];

        (int code, string error) = await Run(["train", "--out", run, "--iterations", "1", .. data, option, value]);

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(run));
    }

    [Fact]
    public async Task Train_BrokenPicture_IsNamedAndNothingIsWritten()
    {
        string data = WriteData();
        string broken = Path.Combine(Directory.GetDirectories(data)[0], "broken.png");
        await File.WriteAllTextAsync(broken, "no picture");
        string run = Path.Combine(_folder, "run");

        (int code, string error) = await Run("train", "--data", data, "--out", run, "--iterations", "1");

        Assert.Equal(2, code);
        Assert.Contains(broken, Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.False(Directory.Exists(run));
    }

    [Fact]
    public async Task Train_ResumedWithALongerBudget_GoesOnAndKeepsTheRestOfTheSettings()
    {
        string run = Path.Combine(_folder, "run");
        string[] start =
            ["train", "--data", WriteData(), "--out", run, "--batch", "2", "--width", "32,32", "--canvas", "32", "--device", "cpu"];
        await Run([.. start, "--iterations", "1", "--optimizer", "muon"]);

        (int refused, string error) = await Run([.. start[..5], "--resume", "--learning-rate", "0.5"]);
        (int code, _) = await Run([.. start[..5], "--resume", "--iterations", "3"]);

        Assert.Equal(2, refused);
        Assert.Contains("--learning-rate cannot change with --resume", error, StringComparison.Ordinal);
        Assert.Equal(0, code);
        Assert.True(File.Exists(Path.Combine(run, "checkpoint-00000003.safetensors")));
        using var settings = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(run, "run.json")));
        var options = settings.RootElement.GetProperty("options");
        Assert.Equal((3, "muon"), (options.GetProperty("iterations").GetInt32(), options.GetProperty("optimizer").GetString()));
    }

    [Theory]
    [InlineData("hybrid", "--schedule vp", "'vp'")]
    [InlineData("hybrid", "--variance fixed", "'fixed'")]
    [InlineData("simple", "--variance learned", "'learned'")]
    [InlineData("edm", "--schedule cosine", "'cosine'")]
    [InlineData("edm", "--parameterization epsilon", "'epsilon'")]
    [InlineData("vdm", "--schedule vp", "'vp'")]
    [InlineData("vdm", "--time-sampler importance", "'importance'")]
    [InlineData("vlb", "--weighting min-snr", "'min-snr'")]
    [InlineData("score", "--time-sampler likelihood", "'likelihood'")]
    [InlineData("score", "--schedule vp --export model", "'vp'")]
    public async Task Train_ImpossibleCombination_IsOneLineWithTheRuleAndExitCode2(
        string objective, string options, string named)
    {
        string run = Path.Combine(_folder, "run");

        (int code, string error) = await Run(
            ["train", "--data", WriteData(), "--out", run, "--objective", objective, .. options.Split(' ')]);

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(run));
    }

    [Theory]
    [InlineData("hybrid", "--time-scale-shift scale_shift --optimizer muon --weighting min-snr", "learned_range", 24)]
    [InlineData("vlb", "--schedule cosine-zero-snr --parameterization sample", "fixed_small", 12)]
    [InlineData("score", "--schedule scaled-linear --prediction epsilon --time-sampler uniform", "fixed_small", 12)]
    [InlineData("edm", "--time-sampler importance", "fixed_small", 12)]
    public async Task Train_Objective_ExportsAModelThatDiffusersReadsAndThatSamples(
        string objective, string options, string variance, int channels)
    {
        string model = Path.Combine(_folder, "model");

        (int code, string error) = await Run(
            ["train", "--data", WriteData(), "--out", Path.Combine(_folder, "run"), "--iterations", "2", "--batch", "2",
            "--width", "32,32", "--canvas", "32", "--device", "cpu", "--export", model, "--objective", objective,
            .. options.Split(' ')]);

        Assert.Equal((0, ""), (code, error));
        using JsonDocument network = JsonDocument.Parse(File.ReadAllText(Path.Combine(model, "unet", "config.json")));
        using JsonDocument scheduler = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(model, "scheduler", "scheduler_config.json")));
        Assert.Equal(channels, network.RootElement.GetProperty("out_channels").GetInt32());
        Assert.Equal(variance, scheduler.RootElement.GetProperty("variance_type").GetString());
        Assert.Contains(
            scheduler.RootElement.GetProperty("prediction_type").GetString(),
            (string[])["epsilon", "sample", "v_prediction"]);
        Assert.Equal(objective == "hybrid" ? "scale_shift" : "default",
            network.RootElement.GetProperty("resnet_time_scale_shift").GetString());

        string texture = Path.Combine(_folder, "texture.png");
        (code, error) = await Run("sample", "--model", model, "--class", "blue", "--steps", "2", "--out", texture);
        Assert.Equal((0, ""), (code, error));
    }

    [Fact]
    public async Task Train_Vdm_RunsAndItsExportIsRefusedInOneLine()
    {
        string run = Path.Combine(_folder, "run");
        (int code, string error) = await Run(
            "train", "--data", WriteData(), "--out", run, "--iterations", "2", "--batch", "2", "--width", "32,32",
            "--canvas", "32", "--device", "cpu", "--objective", "vdm");
        Assert.Equal((0, ""), (code, error));

        (code, error) = await Run("export", run, "--out", Path.Combine(_folder, "model"));

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains("'vdm'", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_NoCheckpoint_IsOneLineAndExitCode2()
    {
        (int code, string error) = await Run("export", _folder, "--out", Path.Combine(_folder, "model"));

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(_folder, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_OutputFolderIsAFile_IsOneLineAndExitCode2()
    {
        string file = Path.Combine(_folder, "taken");
        await File.WriteAllTextAsync(file, "mine");

        (int code, string error) = await Run("data", "textures", "--out", file);

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Equal("mine", await File.ReadAllTextAsync(file));
    }

    private string WriteData()
    {
        string data = Path.Combine(_folder, "data");
        foreach ((string name, Rgb24 colour) in (ReadOnlySpan<(string, Rgb24)>)[("red", new(200, 60, 40)), ("blue", new(30, 80, 200))])
        {
            Directory.CreateDirectory(Path.Combine(data, name));
            for (int i = 0; i < 3; i++)
            {
                using var image = new Image<Rgb24>(128, 128, colour);
                image.SaveAsPng(Path.Combine(data, name, $"picture{(char)('a' + i)}.png"));
            }
        }

        return data;
    }

    private static async Task<(int Code, string Error)> Run(params string[] arguments)
    {
        using var error = new StringWriter();
        var root = new RootCommand { SampleCommand.Create(), TrainCommand.Create(), ExportCommand.Create(), DataCommand.Create() };
        int code = await CommandLineHost.RunAsync(root, arguments, error);
        return (code, error.ToString());
    }
}
