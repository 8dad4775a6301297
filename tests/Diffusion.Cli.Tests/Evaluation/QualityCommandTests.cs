using System.CommandLine;
using System.Text.Json;
using Diffusion.Cli.Evaluation;
using Diffusion.Cli.Evaluation.Quality;
using Diffusion.Cli.Training;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;
using Spectre.Console;

namespace Diffusion.Cli.Tests.Evaluation;

public sealed class QualityCommandTests : IDisposable
{
    private const int Canvas = 32;

    private readonly string _folder = Directory.CreateTempSubdirectory("diffusion-quality-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Quality_SmallModel_WritesTablesPlotAndGalleryAndFindsDoneWorkAgain()
    {
        QualitySettings settings = await Settings();
        await Run(settings with { Gallery = InFolder("docs") });

        JsonElement report = Report();
        Assert.Equal(["blue", "red"], report.GetProperty("classes").EnumerateArray().Select(c => c.GetString()));
        Assert.Equal([1, 2], report.GetProperty("rows").EnumerateArray().Select(Steps));
        JsonElement one = report.GetProperty("rows")[0];

        // Noise alone lies beyond the interval of guidance, the middle within it.
        Assert.Equal(1, one.GetProperty("time").GetProperty("evaluations").GetInt32());
        Assert.InRange(one.GetProperty("time").GetProperty("frames").GetInt32(), 1, 10_000);
        Assert.InRange(Value(one.GetProperty("score").GetProperty("sliced_to_training")), 0.01, 10);
        Assert.Equal(1, Value(report.GetProperty("rows")[1].GetProperty("to_most_steps")), 1e-9);
        Assert.Contains("| 2 | 3 |", File.ReadAllText(InFolder("out/quality.md")), StringComparison.Ordinal);
        string text = File.ReadAllText(InFolder("docs/gallery.md"));
        Assert.Contains("](images/gallery.jpg)", text, StringComparison.Ordinal);
        using (var picture = Image.Load(InFolder("docs/images/gallery.jpg")))
        using (var overSteps = Image.Load(InFolder("out/quality.png")))
        using (var overTime = Image.Load(InFolder("out/quality-time.png")))
        {
            Assert.InRange(picture.Width, 300, 2000);
            Assert.Equal(1000, overSteps.Width);
            Assert.Equal(1000, overTime.Width);
        }

        string page = File.ReadAllText(InFolder("out/gallery.html"));
        Assert.DoesNotContain("http", page, StringComparison.Ordinal);
        Assert.DoesNotContain("/*DATA*/null", page, StringComparison.Ordinal);
        Assert.Contains("data:image/webp;base64,", page, StringComparison.Ordinal);

        // One strip is lost, and another solver joins: nothing else is made again.
        string[] strips = Directory.GetFiles(InFolder("out/samples"), "*.png", SearchOption.AllDirectories);
        Assert.Equal(4, strips.Length);
        byte[] lost = File.ReadAllBytes(strips[0]);
        File.Delete(strips[0]);
        DateTime[] written = [.. strips[1..].Select(File.GetLastWriteTimeUtc)];
        await Run(settings with { Solvers = ["ddim", "dpmpp-2m"], Part = QualityPart.Samples });

        Assert.Equal(lost, File.ReadAllBytes(strips[0]));
        Assert.Equal(written, strips[1..].Select(File.GetLastWriteTimeUtc));

        // Rows stay that later commands do not name, and what is scored is what is complete.
        await Run(settings with { Solvers = ["euler"], Steps = [1], Timed = 0 });
        Assert.Equal([1, 2, 1, 2, 1], Report().GetProperty("rows").EnumerateArray().Select(Steps));
        Assert.False(Report().GetProperty("rows")[4].TryGetProperty("time", out _));

        var other = await Assert.ThrowsAsync<UserErrorException>(() => Run(settings with { Count = 3 }));
        Assert.Contains("another folder", other.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--bpd has no meaning", "--quality", "--bpd", "vlb")]
    [InlineData("--batch has no meaning", "--quality", "--batch", "2")]
    [InlineData("--solver has a meaning", "--bpd", "vlb", "--solver", "ddim")]
    [InlineData("names 2 folders", "--bpd", "vlb", "--model", "other")]
    [InlineData("--steps is 'x'", "--bpd", "vlb", "--steps", "x")]
    [InlineData("--steps is '0'", "--quality", "--steps", "1,0")]
    [InlineData("--solver 'rk45' cannot", "--quality", "--solver", "ddim,rk45")]
    [InlineData("--solver 'ddim-inversion' cannot", "--quality", "--solver", "ddim-inversion")]
    [InlineData("given 3 times for 1", "--quality", "--guidance", "1", "--guidance", "2", "--guidance", "3")]
    [InlineData("--guidance must be", "--quality", "--guidance", "-1")]
    [InlineData("--timed is -1", "--quality", "--timed", "-1")]
    [InlineData("--count is 1001", "--quality", "--count", "1001")]
    [InlineData("'much'", "--quality", "--only", "much")]
    [InlineData("--gallery is empty", "--quality", "--gallery", " ")]
    [InlineData("nowhere", "--quality")]
    public async Task Quality_BadOption_IsOneLineThatNamesItAndExitCode2(string named, params string[] options)
    {
        string[] output = options[0] == "--quality" ? ["--out", InFolder("none")] : [];
        (int code, string error) = await Command(
            ["evaluate", "--model", "nowhere", "--data", "nothing", .. output, .. options]);

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(InFolder("none")));
    }

    [Fact]
    public async Task Quality_ListOfRowsThatIsDamaged_IsNamed()
    {
        QualitySettings settings = await Settings();
        Directory.CreateDirectory(settings.Folder);
        File.WriteAllText(InFolder("out/rows.json"), "{");

        var error = await Assert.ThrowsAsync<UserErrorException>(() => Run(settings));

        Assert.Contains("rows.json", error.Message, StringComparison.Ordinal);
    }

    private static int Steps(JsonElement row) => row.GetProperty("row").GetProperty("steps").GetInt32();

    private static double Value(JsonElement estimate) => estimate.GetProperty("value").GetDouble();

    private static Task Run(QualitySettings settings) => QualityCommand.RunAsync(
        settings,
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(TextWriter.Null) }),
        CancellationToken.None);

    private static async Task<(int Code, string Error)> Command(string[] arguments)
    {
        using var error = new StringWriter();
        int code = await CommandLineHost.RunAsync(
            new RootCommand { EvaluateCommand.Create(), TrainCommand.Create() }, arguments, error);
        return (code, error.ToString());
    }

    private JsonElement Report() => JsonDocument.Parse(File.ReadAllText(InFolder("out/quality.json"))).RootElement;

    private async Task<QualitySettings> Settings()
    {
        string data = WriteTextures();
        string model = InFolder("model");
        Assert.Equal((0, ""), await Command(
        [
            "train", "--data", data, "--out", InFolder("run"), "--iterations", "2", "--batch", "2", "--width", "32,32",
            "--canvas", $"{Canvas}", "--sample-every", "9", "--device", "cpu", "--export", model,
        ]));
        return new QualitySettings
        {
            Models = [new ModelChoice(model, null)],
            Data = data,
            Solvers = ["ddim"],
            Steps = [1, 2],
            Count = 2,
            Seed = 1,
            Folder = InFolder("out"),
            Timed = 1,
            Part = QualityPart.All,
            ClassifierIterations = 3,
            Replicates = 5,
        };
    }

    private string InFolder(string name) => Path.Combine(_folder, name);

    /// <summary>Two classes of eight pictures of noise, of which the split holds the last out.</summary>
    private string WriteTextures()
    {
        string data = InFolder("textures");
        var random = new Random(1);
        byte[] pixels = new byte[3 * 4 * Canvas * Canvas];
        foreach (string name in (ReadOnlySpan<string>)["red", "blue"])
        {
            Directory.CreateDirectory(Path.Combine(data, name));
            for (int i = 0; i < 8; i++)
            {
                random.NextBytes(pixels);
                using var image = Image.LoadPixelData<Rgb24>(pixels, 2 * Canvas, 2 * Canvas);
                image.SaveAsPng(Path.Combine(data, name, $"picture{(char)('a' + i)}.png"));
            }
        }

        return data;
    }
}
