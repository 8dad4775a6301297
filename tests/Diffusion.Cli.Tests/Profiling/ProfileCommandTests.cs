using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Diffusion.Cli.Profiling;

namespace Diffusion.Cli.Tests.Profiling;

public sealed class ProfileCommandTests : IDisposable
{
    private const int FrameCount = 30;
    private const int TraceLimit = 20_000_000;

    // Figures are rounded to four digits.
    private const double Rounding = 0.00005;

    private static readonly string[] _policies = ["budget", "own-thread", "whole-step", "fixed-slices", "clock"];
    private static readonly string[] _phases = ["before", "during", "after"];

    // The fixed keys of report.json.
    private static readonly string[] _keys =
    [
        "schema", "backend", "device", "model", "width", "height", "solver", "steps", "budget_ms", "frames", "frame_ms",
        "tick_ms", "overrun", "utilization", "textures_completed", "steps_completed", "first_preview_frame",
        "allocated_bytes_per_frame", "gc_collections", "sharing",
    ];

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"diffusion-profile-{Guid.NewGuid():N}");

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    [Fact]
    public async Task Profile_AllPolicies_ReportsAgreeWithThemselves()
    {
        await Profile("--textures", "2", "--budget-ms", "10", "--frame-ms", "0.2");

        using JsonDocument document = await Read("report.json");
        JsonElement report = document.RootElement;
        Assert.Equal(_policies, report.GetProperty("policies").EnumerateObject().Select(policy => policy.Name));
        JsonElement budget = report.GetProperty("policies").GetProperty("budget");
        foreach (JsonProperty shared in budget.EnumerateObject())
        {
            Assert.Equal(shared.Value.GetRawText().Replace(" ", "", StringComparison.Ordinal),
                report.GetProperty(shared.Name).GetRawText().Replace(" ", "", StringComparison.Ordinal));
        }

        foreach (JsonProperty policy in report.GetProperty("policies").EnumerateObject())
        {
            CheckFigures(policy.Value);
            if (policy.Name != "clock")
            {
                CheckSteps(policy.Value);
            }
        }

        // Its ticks are spent, whatever the machine does, and give nothing.
        JsonElement clock = report.GetProperty("policies").GetProperty("clock");
        Assert.InRange(Number(clock.GetProperty("tick_ms"), "p50"), 9.8, double.MaxValue);
        Assert.Equal(0, Number(clock, "steps_completed"));

        Assert.Equal((10, 16, 3), (Number(report, "budget_ms"), Number(report, "width"), Number(report, "steps")));
        JsonElement[] slices = [.. report.GetProperty("slices").EnumerateArray()];
        Assert.Equal(Number(report, "steps_completed"), Number(slices[^1], "count"));
        Assert.Equal(("start", "solver_step"), (Text(slices[0], "name"), Text(slices[^1], "name")));
        Assert.All(slices, slice => AssertAscends(slice, "p05", "p50", "p95", "p99"));
        JsonElement cost = report.GetProperty("host_cost");
        Assert.Equal(
            Number(cost, "on_ms") - Number(cost, "off_ms"), Number(cost, "difference_ms"), 1e-3);
        Assert.InRange(Number(cost, "off_ms"), 0.02, double.MaxValue);
    }

    [Fact]
    public async Task Profile_AllPolicies_TraceHasEveryFrameOfBudget()
    {
        await Profile("--textures", "2", "--policy", "all");

        Assert.InRange(new FileInfo(Path.Combine(_folder, "trace.json")).Length, 1, TraceLimit);
        using JsonDocument document = await Read("trace.json");
        JsonElement[] events = [.. document.RootElement.GetProperty("traceEvents").EnumerateArray()];
        JsonElement[] frames = [.. events.Where(item => Text(item, "name") == "frame")];
        JsonElement[] ticks = [.. events.Where(item => Text(item, "name") == "tick")];
        Assert.Equal((FrameCount, FrameCount), (frames.Length, ticks.Length));
        Assert.Equal(FrameCount, events.Count(item => Text(item, "name") == "budget (ms)"));
        Assert.All(ticks.Zip(frames), pair => Assert.InRange(
            Number(pair.First, "ts"),
            Number(pair.Second, "ts"),
            Number(pair.Second, "ts") + Number(pair.Second, "dur")));
    }

    [Fact]
    public async Task Profile_UnderLoad_PageIsWellFormedAndWhole()
    {
        await Profile("--textures", "1", "--load", "cpu");

        string text = await File.ReadAllTextAsync(Path.Combine(_folder, "report.html"));
        XDocument page = XDocument.Parse(text);
        XNamespace svg = "http://www.w3.org/2000/svg";
        XNamespace html = "http://www.w3.org/1999/xhtml";

        // Five timelines, the curve of what was taken, the slices.
        Assert.Equal(7, page.Descendants(svg + "svg").Count());
        Assert.Equal(3, page.Descendants(html + "table").Count());
        Assert.Empty(page.Descendants(html + "script"));
        Assert.DoesNotContain(
            page.Descendants().Attributes(), attribute => attribute.Name.LocalName is "src" or "href");
        Assert.DoesNotContain("url(", text, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", text, StringComparison.Ordinal);
        Assert.DoesNotContain("∞", text, StringComparison.Ordinal);

        using JsonDocument report = await Read("report.json");
        JsonElement load = report.RootElement.GetProperty("load");
        Assert.Equal((10, 20), (Number(load, "begin_frame"), Number(load, "end_frame")));
        double phases = _phases.Sum(name => Number(load.GetProperty(name), "frames"));
        Assert.Equal(Number(report.RootElement.GetProperty("with_choice"), "frames"), phases);
    }

    [SkippableFact]
    public async Task Profile_PageInChromium_IsReadAsTheSameElements()
    {
        string[] folders = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator);
        string? chromium = folders.Select(folder => Path.Combine(folder, "chromium")).FirstOrDefault(File.Exists);
        Skip.If(chromium is null, "chromium is not installed");
        await Profile("--textures", "2");
        string file = Path.Combine(_folder, "report.html");

        // A profile of its own, so that no running browser is asked; as root it needs to go without its sandbox.
        using var process = Process.Start(new ProcessStartInfo(
            chromium!,
            [
                "--headless", "--no-sandbox", "--disable-gpu", $"--user-data-dir={Path.Combine(_folder, "browser")}",
                "--dump-dom", file,
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _ = process.StandardError.ReadToEndAsync();
        string seen = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        XDocument page = XDocument.Parse(await File.ReadAllTextAsync(file));
        foreach (IGrouping<string, XElement> kind in page.Descendants().GroupBy(element => element.Name.LocalName))
        {
            int found = Regex.Count(seen, $"<{kind.Key}[ >]");
            Assert.True(kind.Count() == found, $"{kind.Key}: {kind.Count()} written, {found} read");
        }
    }

    [Theory]
    [InlineData("--budget-ms", "0")]
    [InlineData("--budget-ms", "NaN")]
    [InlineData("--budget-ms", "1001")]
    [InlineData("--frames", "2")]
    [InlineData("--textures", "0")]
    [InlineData("--textures", "257")]
    [InlineData("--frame-ms", "-1")]
    [InlineData("--policy", "magic")]
    [InlineData("--policy", "")]
    [InlineData("--load", "gpu")]
    [InlineData("--size", "15x16")]
    [InlineData("--backend", "magic")]
    public async Task Profile_BadOption_IsOneLineThatNamesItAndExitCode2(string option, string value)
    {
        (int code, string error) = await Run("--out", _folder, option, value);

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(value.Split('x')[0], error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder, "report.json")));
    }

    [Fact]
    public async Task Profile_Cancelled_WritesNothingAndLeavesNoProcess()
    {
        using var cancel = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        var root = new RootCommand { ProfileCommand.Create() };
        string[] arguments = ["profile", "--frames", "200000", "--size", "16x16", "--load", "cpu", "--out", _folder];

        await Assert.ThrowsAsync<OperationCanceledException>(() => root.Parse(arguments).InvokeAsync(
            new InvocationConfiguration { EnableDefaultExceptionHandler = false }, cancel.Token));

        Assert.False(Directory.Exists(_folder));
    }

    [Fact]
    public void CpuLoad_On_BurnsUntilItIsDisposed()
    {
        int id;
        using (var load = new CpuLoad())
        {
            id = load.ProcessId;
            using var process = Process.GetProcessById(id);
            load.Set(true);
            TimeSpan wanted = process.TotalProcessorTime + TimeSpan.FromMilliseconds(200);
            Assert.True(SpinWait.SpinUntil(() => CpuTime(process) > wanted, TimeSpan.FromMinutes(1)));
        }

        Assert.Throws<ArgumentException>(() => Process.GetProcessById(id));
    }

    private static TimeSpan CpuTime(Process process)
    {
        process.Refresh();
        return process.TotalProcessorTime;
    }

    private static void CheckFigures(JsonElement policy)
    {
        Assert.All(_keys, key => Assert.True(policy.TryGetProperty(key, out _), key));
        AssertAscends(policy.GetProperty("frame_ms"), "p50", "p95", "p99", "p999", "max");
        AssertAscends(policy.GetProperty("tick_ms"), "p50", "p95", "p99", "p999", "max");
        JsonElement choice = policy.GetProperty("with_choice");
        Assert.Equal(FrameCount, Number(policy, "frames"));
        Assert.Equal(FrameCount, Number(choice, "frames") + Number(policy, "forced_frames"));
        foreach (JsonElement figures in new[] { policy, choice })
        {
            JsonElement overrun = figures.GetProperty("overrun");
            double frames = Number(figures, "frames");
            Assert.InRange(Number(overrun, "frames"), 0, frames);
            Assert.Equal(frames == 0 ? 0 : Number(overrun, "frames") / frames, Number(overrun, "ratio"), 4);
            Assert.InRange(Number(overrun, "p99_ms"), 0, Number(overrun, "max_ms"));
        }

        double worst = Number(policy.GetProperty("tick_ms"), "max") - Number(policy, "budget_ms");
        Assert.Equal(Math.Max(0, worst), Number(policy.GetProperty("overrun"), "max_ms"), 1.5e-3);

        // Frames hold their ticks, and the mean lies between the extremes.
        Assert.True(Number(policy.GetProperty("frame_ms"), "max") >= Number(policy.GetProperty("tick_ms"), "p50"));
        double mean = Number(policy.GetProperty("host_cost"), "tick_ms");
        Assert.InRange(mean, 0, Number(policy.GetProperty("tick_ms"), "max"));
    }

    private static void CheckSteps(JsonElement policy)
    {
        double mean = Number(policy.GetProperty("host_cost"), "tick_ms");
        double steps = Number(policy, "steps_completed");
        double difference = (mean * FrameCount) - (steps * Number(policy, "ms_per_step"));
        Assert.InRange(Math.Abs(difference), 0, Rounding * (FrameCount + steps));
        Assert.InRange(Number(policy, "textures_completed"), 0, steps / Number(policy, "steps"));
        Assert.InRange(Number(policy, "first_preview_frame"), 0, FrameCount - 1);
    }

    private static void AssertAscends(JsonElement figures, params string[] keys)
    {
        double[] values = [.. keys.Select(key => Number(figures, key))];
        Assert.Equal(values.Order(), values);
        Assert.InRange(values[0], 0, values[^1]);
    }

    private static double Number(JsonElement item, string key) => item.GetProperty(key).GetDouble();

    private static string Text(JsonElement item, string key) => item.GetProperty(key).GetString()!;

    private async Task<JsonDocument> Read(string name) =>
        JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(_folder, name)));

    private async Task Profile(params string[] arguments)
    {
        string[] common =
            ["--frames", $"{FrameCount}", "--size", "16x16", "--steps", "3", "--guidance", "1", "--out", _folder];
        (int code, string error) = await Run([.. common, .. arguments]);
        Assert.Equal((0, ""), (code, error));
    }

    private static async Task<(int Code, string Error)> Run(params string[] arguments)
    {
        using var error = new StringWriter();
        var root = new RootCommand { ProfileCommand.Create() };
        int code = await CommandLineHost.RunAsync(root, ["profile", .. arguments], error);
        return (code, error.ToString());
    }
}
