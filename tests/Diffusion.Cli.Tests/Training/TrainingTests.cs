using System.CommandLine;
using Diffusion.Cli.Data;
using Diffusion.Cli.Sampling;
using Diffusion.Cli.Training;
using Diffusion.Runtime.Models.Safetensors;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace Diffusion.Cli.Tests.Training;

/// <summary>A folder, six small pictures of two classes, and the commands that train on them.</summary>
public abstract class TrainingTests : IDisposable
{
    private protected string Folder { get; } = Directory.CreateTempSubdirectory("diffusion-train-").FullName;

    private protected string DataFolder => Path.Combine(Folder, "data");

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected static async Task<(int Code, string Error)> Run(params string[] arguments)
    {
        using var error = new StringWriter();
        var root = new RootCommand { SampleCommand.Create(), TrainCommand.Create(), ExportCommand.Create(), DataCommand.Create() };
        int code = await CommandLineHost.RunAsync(root, arguments, error);
        return (code, error.ToString());
    }

    private protected async Task<string> TrainModel()
    {
        string teacher = Path.Combine(Folder, "teacher");
        Assert.Equal((0, ""), await Run(
            "train", "--data", WriteData(), "--out", Path.Combine(Folder, "teacher-run"), "--iterations", "1",
            "--batch", "2", "--width", "32,32", "--canvas", "32", "--device", "cpu", "--export", teacher));
        return teacher;
    }

    private protected async Task<string> TrainTwoIterations(params string[] options)
    {
        string run = Path.Combine(Folder, "run");
        (int code, string error) = await Run(
            ["train", "--data", WriteData(), "--out", run, "--iterations", "2", "--batch", "2", "--width", "32,32",
            "--canvas", "32", "--device", "cpu", .. options]);
        Assert.Equal((0, ""), (code, error));
        return run;
    }

    private protected string WriteData()
    {
        string data = DataFolder;
        foreach ((string name, Rgb24 colour) in (ReadOnlySpan<(string, Rgb24)>)[("red", new(200, 60, 40)), ("blue", new(30, 80, 200))])
        {
            Directory.CreateDirectory(Path.Combine(data, name));
            for (int i = 0; i < 3; i++)
            {
                using var image = new Image<Rgb24>(128, 128, colour);
                image.SaveAsPng(Path.Combine(data, name, $"picture{(char)('a' + i)}.png"));
            }
        }

        return data;
    }

    private protected static float[][] CheckpointNumbers(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return [.. file.Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry =>
        {
            float[] numbers = new float[entry.Value.Shape.ToArray().Aggregate(1L, (product, edge) => product * edge)];
            file.CopyTo(entry.Key, numbers);
            return numbers;
        })];
    }
}
