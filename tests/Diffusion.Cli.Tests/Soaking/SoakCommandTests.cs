using System.CommandLine;
using System.Text.Json;
using Diffusion.Cli.Soaking;

namespace Diffusion.Cli.Tests.Soaking;

public sealed class SoakCommandTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"diffusion-soak-{Guid.NewGuid():N}.json");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task Soak_FewSeconds_AccountsForEveryGeneration()
    {
        var root = new RootCommand { SoakCommand.Create() };

        int code = await root.Parse(
            ["soak", "--minutes", "0.1", "--max-edge", "32", "--textures", "6", "--seed", "5", "--out", _path])
            .InvokeAsync();

        Assert.Equal(0, code);
        using var document = JsonDocument.Parse(await File.ReadAllTextAsync(_path));
        JsonElement report = document.RootElement;
        int ended = Value("completed") + Value("failed") + Value("dropped") + Value("running");
        Assert.Equal(Value("begun"), ended);
        Assert.True(Value("completed") > 0);
        Assert.Equal(0, Value("failed"));
        Assert.True(Value("deadlines_met") <= Value("deadlines"));
        Assert.NotEmpty(report.GetProperty("memory").EnumerateArray());

        int Value(string name) => report.GetProperty(name).GetInt32();
    }

    [Theory]
    [InlineData("--minutes", "0")]
    [InlineData("--textures", "0")]
    [InlineData("--budget-ms", "-1")]
    public void Soak_BadOption_IsRefused(string option, string value)
    {
        var root = new RootCommand { SoakCommand.Create() };

        Assert.NotEmpty(root.Parse(["soak", option, value]).Errors);
    }
}
