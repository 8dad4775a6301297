using System.Diagnostics;
using Diffusion.Cli.Tests.Sampling;
using Diffusion.Onnx;

namespace Diffusion.Cli.Tests.Onnx;

/// <summary>The command line with <c>--backend onnx</c>.</summary>
public sealed class OnnxCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("diffusion-onnx-sample-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public Task Sample_Onnx_DrawsTheSamePictureAsTorch() => PictureParity.AssertEqualsTorch(_folder, "onnx");

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
}
