using System.Text.Json;
using System.Text.RegularExpressions;
using Diffusion.Cli;
using SixLabors.ImageSharp;
using Spectre.Console;

namespace Diffusion.Demo.Tests;

public sealed partial class DemoTests : IDisposable
{
    private const int SurfaceCount = 14;

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"diffusion-demo-{Guid.NewGuid():N}");

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    [SkippableFact]
    public async Task Headless_UnderValidation_WritesReportPicturesAndTextures()
    {
        VulkanTests.SkipWithoutDevice();

        // Enough budget for every texture: what is tested is that all parts are written, not how fast they are.
        (int code, string error) = await Run(
            "--headless", "--validation", "--frames", "40", "--budget-ms", "400", "--steps", "4",
            "--width", "320", "--height", "180", "--fade-ms", "50", "--model", Repository.Model, "--out", _folder);

        Assert.Equal((0, ""), (code, error));
        using var report = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder, "report.json")));
        string[] keys =
        [
            "schema", "backend", "device", "model", "width", "height", "solver", "steps", "budget_ms", "frames",
            "frame_ms", "tick_ms", "overrun", "utilization", "textures_completed", "steps_completed",
            "first_preview_frame", "allocated_bytes_per_frame", "gc_collections", "sharing", "memory", "policies",
        ];
        Assert.All(keys, key => Assert.True(report.RootElement.TryGetProperty(key, out _), key));
        Assert.Equal(40, report.RootElement.GetProperty("frames").GetInt32());
        int textures = report.RootElement.GetProperty("textures_completed").GetInt32();
        Assert.Equal(SurfaceCount, textures);
        Assert.Equal(textures * 4, report.RootElement.GetProperty("steps_completed").GetInt32());

        Assert.Equal(textures, Directory.GetFiles(Path.Combine(_folder, "textures"), "*.png").Length);
        Assert.True(Directory.GetFiles(_folder, "frame-*.png").Length >= 8);
        using var animation = Image.Load(Path.Combine(_folder, "progress.gif"));
        Assert.Equal(40, animation.Frames.Count);
        Assert.Empty(Directory.GetFiles(_folder, "*.partial", SearchOption.AllDirectories));
    }

    [SkippableFact]
    public async Task Headless_NoNumberOfFrames_EndsWhenAllIsFinished()
    {
        VulkanTests.SkipWithoutDevice();

        (int code, string output) = await RunAndRead(
            "--headless", "--budget-ms", "2000", "--steps", "1", "--width", "64", "--height", "64",
            "--texture-size", "16x16", "--model", Repository.Model, "--out", _folder);

        Assert.Equal(0, code);
        Assert.Contains($"{SurfaceCount} of {SurfaceCount} textures are finished", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unfinished", output, StringComparison.Ordinal);
        using var report = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder, "report.json")));
        Assert.InRange(report.RootElement.GetProperty("frames").GetInt32(), 8, HeadlessDemo.MostFrames - 1);
    }

    [SkippableFact]
    public async Task Headless_TooFewFrames_SaysWhatIsUnfinished()
    {
        VulkanTests.SkipWithoutDevice();

        (int code, string output) = await RunAndRead(
            "--headless", "--frames", "2", "--budget-ms", "0.01", "--steps", "1000", "--width", "64", "--height", "64",
            "--texture-size", "16x16", "--model", Repository.Model, "--out", _folder);

        Assert.Equal(0, code);
        Assert.Contains($"0 of {SurfaceCount} textures are finished", output, StringComparison.Ordinal);
        Assert.Matches(@"Unfinished: \w+ \(step \d+ of 1000\), ", output);
        Assert.Contains("more --frames", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_folder, "textures")));
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Headless_ComputeBackendUnderValidation_SharesTheDeviceAndFinishesTextures(bool isAsync)
    {
        VulkanTests.SkipWithoutDevice();

        (int code, string error) = await Run(
            [.. isAsync ? (string[])["--async-compute"] : [],
            "--headless", "--validation", "--backend", "compute", "--frames", "16", "--budget-ms", "2000",
            "--steps", "1", "--width", "64", "--height", "64", "--texture-size", "16x16",
            "--model", Repository.Model, "--out", _folder]);

        Assert.Equal((0, ""), (code, error));
        using var report = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder, "report.json")));
        Assert.Equal("compute", report.RootElement.GetProperty("backend").GetString());
        Assert.Equal(SurfaceCount, report.RootElement.GetProperty("textures_completed").GetInt32());
    }

    [SkippableFact]
    public async Task Headless_Twice_GivesTheSameTextureBytes()
    {
        VulkanTests.SkipWithoutDevice();
        string[] folders = [Path.Combine(_folder, "a"), Path.Combine(_folder, "b")];

        // The budgets differ on purpose: how chains are cut into ticks must not change a bit.
        for (int i = 0; i < folders.Length; i++)
        {
            (int code, _) = await Run(
                "--headless", "--frames", "30", "--budget-ms", i == 0 ? "400" : "900", "--steps", "3",
                "--solver", "ddpm", "--width", "64", "--height", "64", "--model", Repository.Model, "--out", folders[i]);
            Assert.Equal(0, code);
        }

        string[] files = Directory.GetFiles(Path.Combine(folders[0], "textures"));
        Assert.Equal(SurfaceCount, files.Length);
        Assert.All(files, file => Assert.Equal(
            File.ReadAllBytes(file),
            File.ReadAllBytes(file.Replace(folders[0], folders[1], StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData("--steps", "0", "0")]
    [InlineData("--steps", "100000", "100000")]
    [InlineData("--class", "cheese", "cheese")]
    [InlineData("--solver", "magic", "magic")]
    [InlineData("--schedule", "magic", "magic")]
    [InlineData("--backend", "magic", "magic")]
    [InlineData("--budget-ms", "-1", "-1")]
    [InlineData("--budget-ms", "many", "many")]
    [InlineData("--frames", "0", "0")]
    [InlineData("--width", "3", "3")]
    [InlineData("--texture-size", "63x64", "63")]
    [InlineData("--texture-size", "big", "big")]
    [InlineData("--model", "nowhere", "nowhere")]
    [InlineData("--display", "depth", "depth")]
    [InlineData("--fade-ms", "-1", "-1")]
    [InlineData("--fade-ms", "NaN", "NaN")]
    [InlineData("--guidance", "NaN", "NaN")]
    [InlineData("--gpu", "no such gpu", "no such gpu")]
    [InlineData("--sharing", "pigeon", "pigeon")]
    [InlineData("--gpu", "", "--gpu")]
    [InlineData("--nonsense", "1", "--nonsense")]
    public async Task Headless_BadOption_IsOneLineThatNamesItAndExitCode2(string option, string value, string named)
    {
        string[] model = option == "--model" ? [] : ["--model", Repository.Model];

        (int code, string error) = await Run(["--headless", "--out", _folder, .. model, option, value]);

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder) && Directory.GetFileSystemEntries(_folder).Length > 0);
    }

    [Fact]
    public async Task Headless_OutputFolderIsAFile_IsOneLineAndExitCode2()
    {
        Directory.CreateDirectory(_folder);
        string file = Path.Combine(_folder, "taken");
        await File.WriteAllTextAsync(file, "mine");

        (int code, string error) = await Run("--headless", "--model", Repository.Model, "--out", file);

        Assert.Equal(2, code);
        Assert.Contains(file, error, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public void Script_Help_HasTheOptionsOfTheProgram()
    {
        string script = File.ReadAllText(Path.Combine(Repository.Root, "demo.sh"));
        string help = script.Split("<< 'HELP'\n")[1].Split("\nHELP\n")[0];

        Assert.Equal(
            DemoCommand.Create(DemoRun.Run).Options.Select(option => option.Name)
                .Except(["--help", "--version"]).Order(StringComparer.Ordinal),
            OptionName().Matches(help).Select(match => match.Value).Distinct().Order(StringComparer.Ordinal));
        Assert.Contains($"at most {HeadlessDemo.MostFrames}.", help, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output)> RunAndRead(params string[] arguments)
    {
        // Spectre's console keeps the one that it finds first, for other tests too.
        _ = AnsiConsole.Console;
        TextWriter console = Console.Out;
        var output = new StringWriter();
        Console.SetOut(output);
        try
        {
            (int code, string error) = await Run(arguments);
            return (code, output.ToString() + error);
        }
        finally
        {
            Console.SetOut(console);
        }
    }

    private static async Task<(int Code, string Error)> Run(params string[] arguments)
    {
        using var error = new StringWriter();
        int code = await CommandLineHost.RunAsync(DemoCommand.Create(DemoRun.Run), arguments, error);
        return (code, error.ToString());
    }

    [GeneratedRegex("--[a-z][a-z0-9-]*")]
    private static partial Regex OptionName();
}
