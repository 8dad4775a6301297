using System.Text.Json;

namespace Diffusion.Cli.Tests.Training;

public sealed class TrainObjectiveTests : TrainingTests
{
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
        string run = Path.Combine(Folder, "run");

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
        string model = Path.Combine(Folder, "model");

        (int code, string error) = await Run(
            ["train", "--data", WriteData(), "--out", Path.Combine(Folder, "run"), "--iterations", "2", "--batch", "2",
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

        string texture = Path.Combine(Folder, "texture.png");
        (code, error) = await Run("sample", "--model", model, "--class", "blue", "--steps", "2", "--out", texture);
        Assert.Equal((0, ""), (code, error));
    }

    [Fact]
    public async Task Train_Vdm_RunsAndItsExportIsRefusedInOneLine()
    {
        string run = Path.Combine(Folder, "run");
        (int code, string error) = await Run(
            "train", "--data", WriteData(), "--out", run, "--iterations", "2", "--batch", "2", "--width", "32,32",
            "--canvas", "32", "--device", "cpu", "--objective", "vdm");
        Assert.Equal((0, ""), (code, error));

        (code, error) = await Run("export", run, "--out", Path.Combine(Folder, "model"));

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains("'vdm'", error, StringComparison.Ordinal);
    }
}
