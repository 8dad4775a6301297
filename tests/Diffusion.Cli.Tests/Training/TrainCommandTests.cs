using System.Text.Json.Nodes;
using Diffusion.Cli.Training;
using Diffusion.Torch.Training;
using Diffusion.Torch.Training.Optimizers;
using SixLabors.ImageSharp;

namespace Diffusion.Cli.Tests.Training;

public sealed class TrainCommandTests : TrainingTests
{
    [Fact]
    public async Task Train_ShortRun_LeavesCheckpointLogPicturesAndAModelThatSamples()
    {
        string data = WriteData();
        string run = Path.Combine(Folder, "run");
        string model = Path.Combine(Folder, "model");

        (int code, string error) = await Run(
            "train", "--data", data, "--out", run, "--iterations", "4", "--batch", "2", "--width", "32,32", "--canvas", "32",
            "--sample-every", "2", "--checkpoint-every", "2", "--device", "cpu", "--export", model);

        Assert.Equal((0, ""), (code, error));
        Assert.NotEmpty(Directory.GetFiles(run, "checkpoint-*.safetensors"));
        Assert.All(["loss.png", "samples.png", "samples-000002.png"], name => Image.Load(Path.Combine(run, name)).Dispose());
        Assert.Equal(5, File.ReadAllLines(Path.Combine(run, "log.csv")).Length);

        string texture = Path.Combine(Folder, "texture.png");
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
    [InlineData("--batch", "1000000", "--batch is 1000000; it must be from 1 to 4096.")]
    [InlineData("--learning-rate", "NaN", "--learning-rate is NaN; it must be above 0")]
    [InlineData("--minutes", "NaN", "--minutes is NaN")]
    [InlineData("--minutes", "-1", "--minutes is -1")]
    [InlineData("--minutes", "1e300", "--minutes is 1e300")]
    [InlineData("--seed", "-1", "'--seed'. It must be a whole number of at least 0.")]
    public async Task Train_BadOption_IsOneLineThatNamesItAndExitCode2(string option, string value, string named)
    {
        string run = Path.Combine(Folder, "run");
        string[] data = option == "--data" ? [] : ["--data", WriteData()];

        (int code, string error) = await Run(["train", "--out", run, "--iterations", "1", .. data, option, value]);

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(run));
    }

    [Theory]
    [InlineData("", "--out is empty.")]
    [InlineData("taken", "is a file; it must be a folder.")]
    public async Task Train_BadOutput_IsOneLineThatNamesItAndExitCode2(string output, string rule)
    {
        string file = Path.Combine(Folder, "taken");
        await File.WriteAllTextAsync(file, "mine");

        (int code, string error) = await Run(
            "train", "--data", WriteData(), "--out", output.Length == 0 ? "" : file, "--iterations", "1");

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains("--out", error, StringComparison.Ordinal);
        Assert.Contains(rule, error, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(file));
    }

    [Theory]
    [InlineData("", "--export is empty.")]
    [InlineData("taken", "is a file; it must be a folder.")]
    public async Task Train_BadExport_IsRefusedBeforeTraining(string export, string rule)
    {
        string file = Path.Combine(Folder, "taken");
        await File.WriteAllTextAsync(file, "mine");
        string run = Path.Combine(Folder, "run");

        (int code, string error) = await Run(
            "train", "--data", WriteData(), "--out", run, "--iterations", "1",
            "--export", export.Length == 0 ? "" : file);

        Assert.Equal(2, code);
        Assert.Contains("--export", error, StringComparison.Ordinal);
        Assert.Contains(rule, Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.False(Directory.Exists(run));
    }

    [Fact]
    public async Task Train_BatchTooLargeForItsPictures_NamesTheLimit()
    {
        (int code, string error) = await Run(
            "train", "--data", WriteData(), "--out", Path.Combine(Folder, "run"),
            "--canvas", "1024", "--batch", "4096");

        Assert.Equal(2, code);
        Assert.Contains(
            "--batch is 4096; of 1024x1024 pictures it can be at most 682.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_BrokenPicture_IsOneLineThatNamesItAndLeavesNoRun()
    {
        string data = WriteData();
        string broken = Path.Combine(data, "blue", "broken.png");
        await File.WriteAllTextAsync(broken, "no picture");
        string run = Path.Combine(Folder, "run");

        (int code, string error) = await Run("train", "--data", data, "--out", run, "--iterations", "1");

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(broken, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(run));
    }

    [Fact]
    public async Task Train_ResumeWithMoreIterations_GoesOnToThemAndKeepsThem()
    {
        string run = await TrainTwoIterations();

        (int code, string error) = await Run(
            "train", "--data", DataFolder, "--out", run, "--resume", "--iterations", "4");

        Assert.Equal((0, ""), (code, error));
        Assert.Equal(5, File.ReadAllLines(Path.Combine(run, "log.csv")).Length);
        Assert.Equal(4, RunSettings.Read(run).Options.Iterations);
    }

    [Fact]
    public async Task Train_ResumeWithMinutes_ReplacesTheBudget()
    {
        string run = await TrainTwoIterations();

        (int code, string error) = await Run(
            "train", "--data", DataFolder, "--out", run, "--resume", "--minutes", "0.001");

        Assert.Equal((0, ""), (code, error));
        TrainingOptions options = RunSettings.Read(run).Options;
        Assert.Equal((int.MaxValue, TimeSpan.FromMilliseconds(60)), (options.Iterations, options.Duration));
    }

    [Theory]
    [InlineData("--batch", "3")]
    [InlineData("--seed", "2")]
    [InlineData("--optimizer", "muon")]
    public async Task Train_ResumeWithAnotherSetting_IsRefusedByName(string option, string value)
    {
        string run = await TrainTwoIterations();
        string before = await File.ReadAllTextAsync(Path.Combine(run, RunSettings.FileName));

        (int code, string error) = await Run(
            "train", "--data", DataFolder, "--out", run, "--resume", "--iterations", "4", option, value);

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains($"{option} cannot change with --resume", error, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(Path.Combine(run, RunSettings.FileName)));
    }

    [Fact]
    public async Task Settings_OfARunBeforeOptimizersHadNames_ReadAsAdamW()
    {
        string run = await TrainTwoIterations("--optimizer", "muon");
        JsonObject json = JsonNode.Parse(File.ReadAllText(Path.Combine(run, RunSettings.FileName)))!.AsObject();
        Assert.Equal("muon", (string?)json["options"]!["optimizer"]);

        json["options"]!.AsObject().Remove("optimizer");
        await File.WriteAllTextAsync(Path.Combine(run, RunSettings.FileName), json.ToJsonString());

        Assert.Equal(OptimizerKind.AdamW, RunSettings.Read(run).Options.Optimizer);
    }
}
