using System.CommandLine;
using Diffusion.Cli.Training;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;
using Diffusion.Torch.UNet;
using Onnx;

namespace Diffusion.Cli.Tests.Training;

public sealed class OnnxExportTests : IDisposable
{
    private static readonly UNetConfig _config = new()
    {
        BlockOutChannels = [8, 8],
        DownBlockTypes = ["DownBlock2D", "DownBlock2D"],
        UpBlockTypes = ["UpBlock2D", "UpBlock2D"],
        LayersPerBlock = 1,
        NormNumGroups = 4,
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("diffusion-onnx-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Export_Onnx_WritesOneGraphWithTheWantedPadding(bool isSeamless)
    {
        string file = Path.Combine(_folder, "unet.onnx");
        string[] padding = isSeamless ? ["--seamless"] : [];

        (int code, string error) = await Run(["--onnx", file, "--model", Model(), .. padding]);

        Assert.Equal((0, ""), (code, error));
        ModelProto model = ModelProto.Parser.ParseFrom(await File.ReadAllBytesAsync(file));
        Assert.Equal(["sample", "timestep"], model.Graph.Input.Select(input => input.Name));
        Assert.Equal(isSeamless, model.Graph.Node.Any(node => node.OpType == "Pad"));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task Export_PerSlice_NumbersTheGraphsAsTheyRun()
    {
        string slices = Path.Combine(_folder, "slices");
        Directory.CreateDirectory(slices);

        (int code, string error) = await Run("--onnx", slices, "--model", Model(), "--per-slice");

        Assert.Equal((0, ""), (code, error));
        string[] names = [.. Directory.GetFiles(slices).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
        Assert.Equal("000-conv_in.onnx", names[0]);
        Assert.Equal("001-down_blocks.0.resnets.0.onnx", names[1]);
        Assert.Equal($"{names.Length - 1:D3}-conv_out.onnx", names[^1]);
        Assert.Equal(2, Directory.GetDirectories(_folder).Length);
    }

    [Theory]
    [InlineData("export takes a run and --out, or --onnx.")]
    [InlineData("export takes a run and --out, or --onnx.", "run")]
    [InlineData("export takes a run and --out, or --onnx.", "--out", "x")]
    [InlineData("--onnx reads a model folder", "run", "--onnx", "x")]
    [InlineData("--onnx reads a model folder", "--out", "y", "--onnx", "x")]
    [InlineData("--per-slice goes with --onnx.", "run", "--out", "y", "--per-slice")]
    [InlineData("--seamless goes with --onnx.", "run", "--out", "y", "--seamless")]
    [InlineData("--model goes with --onnx.", "run", "--out", "y", "--model", "m")]
    [InlineData("--onnx is empty.", "--onnx", "")]
    [InlineData("nowhere", "--onnx", "x", "--model", "nowhere")]
    public async Task Export_BadOptions_IsOneLineThatNamesTheRuleAndExitCode2(string rule, params string[] arguments)
    {
        (int code, string error) = await Run(arguments);

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(rule, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "is a folder; name a file.")]
    [InlineData(true, "is not empty; with --per-slice name a new folder.")]
    public async Task Export_BadTarget_IsOneLineThatNamesItAndLeavesItAlone(bool perSlice, string rule)
    {
        string taken = Path.Combine(_folder, "taken");
        Directory.CreateDirectory(taken);
        await File.WriteAllTextAsync(Path.Combine(taken, "mine"), "mine");
        string[] kind = perSlice ? ["--per-slice"] : [];

        (int code, string error) = await Run(["--onnx", taken, "--model", Model(), .. kind]);

        Assert.Equal(2, code);
        Assert.Contains($"'{taken}' {rule}", error, StringComparison.Ordinal);
        Assert.Equal("mine", Path.GetFileName(Assert.Single(Directory.GetFiles(taken))));
    }

    private string Model()
    {
        string folder = Path.Combine(_folder, "model");
        Directory.CreateDirectory(Path.Combine(folder, "unet"));
        ModelFolder.Save(folder, _config, new SchedulerConfig(), []);
        using UNet2DModel network = new(_config);
        UNetWeights.Write(network, ModelFolder.WeightsPath(folder), SafetensorsDType.F32);
        return folder;
    }

    private static async Task<(int Code, string Error)> Run(params string[] arguments)
    {
        using var error = new StringWriter();
        int code = await CommandLineHost.RunAsync(
            new RootCommand { ExportCommand.Create() }, ["export", .. arguments], error);
        return (code, error.ToString());
    }
}
