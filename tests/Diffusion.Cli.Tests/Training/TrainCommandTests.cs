using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Diffusion.Cli.Data;
using Diffusion.Cli.Sampling;
using Diffusion.Cli.Training;
using Diffusion.Runtime.Models.Safetensors;
using Diffusion.Torch.Training;
using Diffusion.Torch.Training.Optimizers;
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

    [Fact]
    public async Task Train_Distill_LeavesAModelThatSamplesInItsStepsByDefault()
    {
        string teacher = await TrainTeacher();
        string run = Path.Combine(_folder, "fast");
        string model = Path.Combine(_folder, "fast-model");

        (int code, string error) = await Run(
            "train", "--data", DataFolder, "--distill", teacher, "--out", run, "--iterations", "4", "--batch", "2",
            "--sample-every", "2", "--checkpoint-every", "2", "--student-steps", "1,2", "--teacher-steps", "4",
            "--device", "cpu", "--export", model);

        Assert.Equal((0, ""), (code, error));
        using (var sheet = Image.Load(Path.Combine(run, "samples.png")))
        {
            // Three columns for one step and three for two; a row a class; cells of 32 pixels and gaps of 4.
            Assert.Equal((4 + (6 * 36), 4 + (2 * 36)), (sheet.Width, sheet.Height));
        }

        string standard = Path.Combine(_folder, "standard.png");
        string two = Path.Combine(_folder, "two.png");
        string one = Path.Combine(_folder, "one.png");
        Assert.Equal((0, ""), await Run("sample", "--model", model, "--class", "blue", "--out", standard));
        Assert.Equal((0, ""), await Run(
            "sample", "--model", model, "--class", "blue", "--steps", "2", "--solver", "ddim", "--guidance", "1",
            "--out", two));
        Assert.Equal((0, ""), await Run("sample", "--model", model, "--class", "blue", "--steps", "1", "--out", one));
        Assert.Equal(await File.ReadAllBytesAsync(two), await File.ReadAllBytesAsync(standard));
        Assert.NotEqual(await File.ReadAllBytesAsync(two), await File.ReadAllBytesAsync(one));
    }

    [Fact]
    public async Task Train_DistillResumed_EndsWhereAnUnbrokenRunEnds()
    {
        string teacher = await TrainTeacher();
        string[] common =
        [
            "train", "--data", DataFolder, "--distill", teacher, "--batch", "2", "--student-steps", "1,2",
            "--teacher-steps", "4", "--device", "cpu", "--iterations", "4", "--checkpoint-every", "2",
        ];
        string straight = Path.Combine(_folder, "straight");
        string broken = Path.Combine(_folder, "broken");
        Assert.Equal((0, ""), await Run([.. common, "--out", straight]));

        // The run stops at its checkpoint of iteration 2: the later one is taken away.
        Assert.Equal((0, ""), await Run([.. common, "--out", broken]));
        File.Delete(TrainRun.LatestCheckpoint(broken)!);
        Assert.Equal((0, ""), await Run("train", "--data", DataFolder, "--out", broken, "--resume"));

        // Not the files, which say how long they took.
        Assert.Equal(
            CheckpointNumbers(TrainRun.LatestCheckpoint(straight)!),
            CheckpointNumbers(TrainRun.LatestCheckpoint(broken)!));
    }

    [Fact]
    public async Task Train_DistillResumedWithAnotherTeacher_IsRefused()
    {
        string teacher = await TrainTeacher();
        string run = Path.Combine(_folder, "fast");
        Assert.Equal((0, ""), await Run(
            "train", "--data", DataFolder, "--distill", teacher, "--out", run, "--iterations", "1", "--batch", "2",
            "--student-steps", "1", "--teacher-steps", "2", "--device", "cpu"));
        string weights = Directory.GetFiles(teacher, "*.safetensors", SearchOption.AllDirectories).Single();
        byte[] bytes = await File.ReadAllBytesAsync(weights);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(weights, bytes);

        (int code, string error) = await Run(
            "train", "--data", DataFolder, "--out", run, "--resume", "--iterations", "2");

        Assert.Equal(2, code);
        Assert.Contains(
            "are not those that this run began to distil",
            Assert.Single(error.TrimEnd().Split('\n')),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--width cannot go with --distill: the teacher decides it.", "--width", "32,32")]
    [InlineData("--objective cannot go with --distill: the teacher decides it.", "--objective", "simple")]
    [InlineData("--schedule cannot go with --distill: the teacher decides it.", "--schedule", "cosine")]
    [InlineData("each twice the one before", "--student-steps", "1,3")]
    [InlineData("must list whole numbers", "--student-steps", "few")]
    [InlineData("a multiple of 4", "--teacher-steps", "18")]
    [InlineData("--canvas 34 must be a multiple of 4", "--canvas", "34")]
    [InlineData("'importance' does not go with the objective 'distillation'", "--time-sampler", "importance")]
    public async Task Train_DistillWithWhatMakesNoSense_IsOneLineThatNamesIt(string rule, string option, string value)
    {
        string teacher = await TrainTeacher();
        string run = Path.Combine(_folder, "fast");

        (int code, string error) = await Run(
            "train", "--data", DataFolder, "--distill", teacher, "--out", run, "--iterations", "1", option, value);

        Assert.Equal(2, code);
        Assert.Contains(rule, Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.False(Directory.Exists(run));
    }

    [Fact]
    public async Task Train_GuidanceWithoutATeacher_IsRefused()
    {
        (int code, string error) = await Run(
            "train", "--data", WriteData(), "--out", Path.Combine(_folder, "run"), "--guidance", "2");

        Assert.Equal(2, code);
        Assert.Contains("--guidance goes with --distill.", error, StringComparison.Ordinal);
    }

    private async Task<string> TrainTeacher()
    {
        string teacher = Path.Combine(_folder, "teacher");
        Assert.Equal((0, ""), await Run(
            "train", "--data", WriteData(), "--out", Path.Combine(_folder, "teacher-run"), "--iterations", "1",
            "--batch", "2", "--width", "32,32", "--canvas", "32", "--device", "cpu", "--export", teacher));
        return teacher;
    }

    private static float[][] CheckpointNumbers(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return [.. file.Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry =>
        {
            float[] numbers = new float[entry.Value.Shape.ToArray().Aggregate(1L, (product, edge) => product * edge)];
            file.CopyTo(entry.Key, numbers);
            return numbers;
        })];
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
        string run = Path.Combine(_folder, "run");
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
        string file = Path.Combine(_folder, "taken");
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
        string file = Path.Combine(_folder, "taken");
        await File.WriteAllTextAsync(file, "mine");
        string run = Path.Combine(_folder, "run");

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
            "train", "--data", WriteData(), "--out", Path.Combine(_folder, "run"),
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
        string run = Path.Combine(_folder, "run");

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

    [Theory]
    [InlineData("canvas", "-7", "canvas is -7")]
    [InlineData("canvas", "33", "canvas is 33; it must be a multiple of 4")]
    [InlineData("network", "null", "network")]
    [InlineData("class_names", "null", "class_names")]
    [InlineData("options", "{\"prediction\": 99}", "prediction")]
    [InlineData("schedule", "\"magic\"", "magic")]
    public async Task Export_SettingsThatMakeNoSense_IsOneLineThatNamesThem(string key, string value, string named)
    {
        string run = await TrainTwoIterations();
        string settings = Path.Combine(run, RunSettings.FileName);
        JsonObject json = JsonNode.Parse(File.ReadAllText(settings))!.AsObject();
        json[key] = JsonNode.Parse(value);
        await File.WriteAllTextAsync(settings, json.ToJsonString());
        string model = Path.Combine(_folder, "model");

        (int code, string error) = await Run("export", run, "--out", model);

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(model));
    }

    [Fact]
    public async Task Export_OutputIsAFile_IsOneLineAndKeepsIt()
    {
        string run = await TrainTwoIterations();
        string file = Path.Combine(_folder, "taken");
        await File.WriteAllTextAsync(file, "mine");

        (int code, string error) = await Run("export", run, "--out", file);

        Assert.Equal(2, code);
        Assert.Contains($"--out: '{file}' is a file; it must be a folder.", error, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(file));
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

    private string DataFolder => Path.Combine(_folder, "data");

    private async Task<string> TrainTwoIterations(params string[] options)
    {
        string run = Path.Combine(_folder, "run");
        (int code, string error) = await Run(
            ["train", "--data", WriteData(), "--out", run, "--iterations", "2", "--batch", "2", "--width", "32,32",
            "--canvas", "32", "--device", "cpu", .. options]);
        Assert.Equal((0, ""), (code, error));
        return run;
    }

    private string WriteData()
    {
        string data = DataFolder;
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
