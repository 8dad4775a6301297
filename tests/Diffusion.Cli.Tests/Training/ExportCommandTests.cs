using System.Text.Json.Nodes;
using Diffusion.Cli.Training;

namespace Diffusion.Cli.Tests.Training;

public sealed class ExportCommandTests : TrainingTests
{
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
        string model = Path.Combine(Folder, "model");

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
        string file = Path.Combine(Folder, "taken");
        await File.WriteAllTextAsync(file, "mine");

        (int code, string error) = await Run("export", run, "--out", file);

        Assert.Equal(2, code);
        Assert.Contains($"--out: '{file}' is a file; it must be a folder.", error, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task Export_NoCheckpoint_IsOneLineAndExitCode2()
    {
        (int code, string error) = await Run("export", Folder, "--out", Path.Combine(Folder, "model"));

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(Folder, error, StringComparison.Ordinal);
    }
}
