using System.CommandLine;
using System.Text.Json;
using Diffusion.Cli.Checking;
using Diffusion.Render.Devices;
using Spectre.Console;

namespace Diffusion.Cli.Tests.Checking;

public sealed class CheckCommandTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"diffusion-check-{Guid.NewGuid():N}");

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    [SkippableFact]
    public async Task Check_ThisMachine_TestsWhatIsThereAndSaysWhyTheRestIsNot()
    {
        SkipWithoutDevice();
        string file = Path.Combine(_folder, "check.json");

        (int code, string output, string error) = await Run("--json", file);

        Assert.Equal((0, ""), (code, error));
        using JsonDocument document = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        JsonElement report = document.RootElement;
        Assert.True(report.GetProperty("passed").GetBoolean());
        Assert.Single(
            report.GetProperty("devices").EnumerateArray(), device => device.GetProperty("is_chosen").GetBoolean());
        Dictionary<string, JsonElement> backends = ByName(report, "backends");
        Assert.Equal(["torch cpu", "torch cuda", "onnx", "compute"], backends.Keys);
        Assert.Equal("works", State(backends["torch cpu"]));
        Assert.Equal(0, backends["torch cpu"].GetProperty("rms_difference").GetDouble());
        Dictionary<string, JsonElement> paths = ByName(report, "sharing");
        Assert.Equal(["in-place", "cuda", "host-import", "staging"], paths.Keys);
        Assert.Equal("works", State(paths["staging"]));
        Assert.Equal(256 * 256 * 4, paths["staging"].GetProperty("bytes_copied").GetInt64());
        foreach (JsonElement found in backends.Values.Concat(paths.Values))
        {
            Assert.NotEqual("failed", State(found));
            Assert.NotEqual("", found.GetProperty("reason").GetString());
            Assert.Contains(found.GetProperty("name").GetString()!, output, StringComparison.Ordinal);
        }

        Assert.EndsWith("What is there works.", output.TrimEnd(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Check_UnknownGpu_IsOneLineThatListsTheDevicesAndExitCode2()
    {
        SkipWithoutDevice();

        (int code, string output, string error) = await Run("--gpu", "voodoo");

        Assert.Equal((2, ""), (code, output));
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains("\"voodoo\"", error, StringComparison.Ordinal);
        Assert.All(
            VulkanDevice.List(), device => Assert.Contains(device.Name, error, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--gpu", "", "--gpu")]
    [InlineData("--json", "", "--json")]
    [InlineData("--json", "/", "--json")]
    [InlineData("--model", "nowhere", "nowhere")]
    public async Task Check_BadOption_IsOneLineThatNamesItAndExitCode2(string option, string value, string named)
    {
        (int code, string output, string error) = await Run(option, value);

        Assert.Equal((2, ""), (code, output));
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(named, error, StringComparison.Ordinal);
    }

    private static void SkipWithoutDevice()
    {
        try
        {
            _ = VulkanDevice.List();
        }
        catch (VulkanException error)
        {
            Skip.If(true, error.Message);
        }
    }

    private static Dictionary<string, JsonElement> ByName(JsonElement report, string list)
        => report.GetProperty(list).EnumerateArray().ToDictionary(found => found.GetProperty("name").GetString()!);

    private static string State(JsonElement found) => found.GetProperty("state").GetString()!;

    private static async Task<(int Code, string Output, string Error)> Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            Out = new AnsiConsoleOutput(output),
        });
        console.Profile.Width = 200;
        int code = await CommandLineHost.RunAsync(
            new RootCommand { CheckCommand.Create(console) }, ["check", .. arguments], error);
        return (code, output.ToString(), error.ToString());
    }
}
