using System.CommandLine;
using System.Diagnostics;
using Diffusion.Cli.Sampling;
using Diffusion.Onnx;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace Diffusion.Cli.Tests.Onnx;

/// <summary>The command line with <c>--backend onnx</c>.</summary>
public sealed class OnnxCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("diffusion-onnx-sample-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Sample_Onnx_DrawsTheSamePictureAsTorch()
    {
        using Image<Rgb24> torch = await Draw("torch");
        using Image<Rgb24> picture = await Draw("onnx");

        for (int y = 0; y < torch.Height; y++)
        {
            for (int x = 0; x < torch.Width; x++)
            {
                (Rgb24 a, Rgb24 b) = (torch[x, y], picture[x, y]);

                // A level of 256 where the two round to either side.
                Assert.InRange(Math.Abs(a.R - b.R) + Math.Abs(a.G - b.G) + Math.Abs(a.B - b.B), 0, 3);
            }
        }
    }

    /// <summary>In a process of its own, for this one has the library in memory.</summary>
    [Fact]
    public async Task Sample_LibraryMissing_IsOneLineThatNamesItAndExitCode2()
    {
        var start = new ProcessStartInfo(
            "dotnet",
            [
                "exec", Path.Combine(AppContext.BaseDirectory, "diffusion.dll"),
                "sample", "--backend", "onnx", "--out", Path.Combine(_folder, "none.png"),
            ])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment[OnnxRuntimeLibrary.OverrideVariable] = Path.Combine(_folder, "nowhere");
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.Equal((2, ""), (process.ExitCode, await output));
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(OnnxRuntimeLibrary.FileName, error, StringComparison.Ordinal);
        Assert.Contains(OnnxRuntimeLibrary.OverrideVariable, error, StringComparison.Ordinal);
    }

    private async Task<Image<Rgb24>> Draw(string backend)
    {
        string file = Path.Combine(_folder, $"{backend}.png");
        using var error = new StringWriter();
        string[] arguments =
        [
            "sample", "--backend", backend, "--class", "brick", "--steps", "4", "--size", "32x16", "--seed", "7",
            "--out", file,
        ];
        int code = await CommandLineHost.RunAsync(new RootCommand { SampleCommand.Create() }, arguments, error);
        Assert.Equal((0, ""), (code, error.ToString()));
        return Image.Load<Rgb24>(file);
    }
}
