using Diffusion.Cli.Data;
using Diffusion.Cli.Training;
using Diffusion.Runtime.Models;

namespace Diffusion.Cli.Tests.Training;

public sealed class TrainFromTests : TrainingTests
{
    [Fact]
    public async Task Train_From_BeginsWithTheModelsWeightsAndKnowsTheNewClasses()
    {
        string model = await TrainModel();
        Directory.Move(Path.Combine(DataFolder, "red"), Path.Combine(DataFolder, "green"));
        string tuned = Path.Combine(Folder, "tuned");

        // A learning rate too small to move anything: what is exported is what the run began with.
        (int code, string error) = await Run(
            "train", "--data", DataFolder, "--from", model, "--out", Path.Combine(Folder, "run"), "--iterations", "2",
            "--batch", "4", "--large-canvas", "0.5", "--learning-rate", "1e-30", "--device", "cpu", "--export", tuned);

        Assert.Equal((0, ""), (code, error));
        ModelFolder before = ModelFolder.Open(model);
        ModelFolder after = ModelFolder.Open(tuned);
        Assert.Equal(["blue", "green"], after.ClassNames);
        (float[][] was, float[][] now) = (CheckpointNumbers(before.WeightsFile), CheckpointNumbers(after.WeightsFile));
        int differing = Assert.Single(Enumerable.Range(0, was.Length), i => !was[i].SequenceEqual(now[i]));

        // The class table: blue and the last row, no class, as they were; green away from no class by about as much as
        // blue and red lie apart.
        float[][] old = [.. was[differing].Chunk(was[differing].Length / 3)];
        float[][] rows = [.. now[differing].Chunk(now[differing].Length / 3)];
        Assert.Equal([.. old[0], .. old[2]], [.. rows[0], .. rows[2]]);
        Assert.InRange(DistanceOf(rows[1], old[2]) / DistanceOf(old[0], old[1]), 0.4, 1.1);
        Assert.Equal(
            (0, ""),
            await Run(
                "sample", "--model", tuned, "--class", "green", "--steps", "2",
                "--out", Path.Combine(Folder, "green.png")));
    }

    [Fact]
    public async Task Train_FromResumedWithAnotherModel_IsRefused()
    {
        string model = await TrainModel();
        string run = Path.Combine(Folder, "run");
        Assert.Equal((0, ""), await Run(
            "train", "--data", DataFolder, "--from", model, "--out", run, "--iterations", "1", "--batch", "2"));
        foreach (string checkpoint in Directory.GetFiles(run, "checkpoint-*"))
        {
            File.Delete(checkpoint);
        }

        byte[] bytes = await File.ReadAllBytesAsync(ModelFolder.Open(model).WeightsFile);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(ModelFolder.Open(model).WeightsFile, bytes);

        (int code, string error) = await Run("train", "--data", DataFolder, "--out", run, "--resume");

        Assert.Equal(2, code);
        Assert.Contains("are not those that this run began with", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--width cannot go with --from: the model decides it.", "--width", "32,32")]
    [InlineData("--schedule cannot go with --from: the model decides it.", "--schedule", "cosine")]
    [InlineData("--canvas 34 must be a multiple of 4", "--canvas", "34")]
    [InlineData("--large-canvas is 1; it must be from 0 to 0.99.", "--large-canvas", "1")]
    [InlineData("--from cannot go with --distill", "--distill", "teacher")]
    public async Task Train_FromWithWhatMakesNoSense_IsOneLineThatNamesIt(string rule, string option, string value)
    {
        string model = await TrainModel();
        string run = Path.Combine(Folder, "run");

        (int code, string error) = await Run(
            "train", "--data", DataFolder, "--from", model, "--out", run, "--iterations", "1", option, value);

        Assert.Equal(2, code);
        Assert.Contains(rule, Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.False(Directory.Exists(run));
    }

    [Fact]
    public async Task Train_HeldOutFolder_IsWhatIsHeldOut()
    {
        string model = await TrainModel();
        string heldOut = Path.Combine(DataFolder, "blue", TextureFolder.HeldOut);
        Directory.CreateDirectory(heldOut);
        File.Move(Path.Combine(DataFolder, "blue", "picturea.png"), Path.Combine(heldOut, "picturea.png"));
        string run = Path.Combine(Folder, "run");

        Assert.Equal((0, ""), await Run(
            "train", "--data", DataFolder, "--from", model, "--out", run, "--iterations", "1", "--batch", "2",
            "--sample-every", "1", "--device", "cpu"));

        // The held-out loss is a number only where something is held out; by the rule nothing of so few would be.
        Assert.True(double.IsFinite(Assert.Single(TrainingLog.Read(Path.Combine(run, "log.csv"))).HeldOutLoss));
    }

    private static double DistanceOf(float[] left, float[] right) =>
        Math.Sqrt(left.Zip(right, (l, r) => (double)(l - r) * (l - r)).Sum());
}
