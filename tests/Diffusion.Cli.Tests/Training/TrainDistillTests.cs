using Diffusion.Cli.Training;
using SixLabors.ImageSharp;

namespace Diffusion.Cli.Tests.Training;

public sealed class TrainDistillTests : TrainingTests
{
    [Fact]
    public async Task Train_Distill_LeavesAModelThatSamplesInItsStepsByDefault()
    {
        string teacher = await TrainModel();
        string run = Path.Combine(Folder, "fast");
        string model = Path.Combine(Folder, "fast-model");

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

        string standard = Path.Combine(Folder, "standard.png");
        string two = Path.Combine(Folder, "two.png");
        string one = Path.Combine(Folder, "one.png");
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
        string teacher = await TrainModel();
        string[] common =
        [
            "train", "--data", DataFolder, "--distill", teacher, "--batch", "2", "--student-steps", "1,2",
            "--teacher-steps", "4", "--device", "cpu", "--iterations", "4", "--checkpoint-every", "2",
        ];
        string straight = Path.Combine(Folder, "straight");
        string broken = Path.Combine(Folder, "broken");
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
        string teacher = await TrainModel();
        string run = Path.Combine(Folder, "fast");
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
            "are not those that this run began with",
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
        string teacher = await TrainModel();
        string run = Path.Combine(Folder, "fast");

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
            "train", "--data", WriteData(), "--out", Path.Combine(Folder, "run"), "--guidance", "2");

        Assert.Equal(2, code);
        Assert.Contains("--guidance goes with --distill.", error, StringComparison.Ordinal);
    }
}
