using System.Globalization;
using Diffusion.Cli.Output;
using Diffusion.Onnx;
using Diffusion.Runtime.Models;

namespace Diffusion.Cli.Training;

/// <summary>Writes a model folder's network as ONNX: one file, or a folder with one for each slice.</summary>
internal static class OnnxFiles
{
    private const string Option = "--onnx";

    /// <summary>Writes the whole network to <paramref name="path"/>.</summary>
    /// <param name="model">The model folder.</param>
    /// <param name="path">The file; replaced if it exists.</param>
    /// <param name="isSeamless">Whether convolutions wrap around.</param>
    /// <exception cref="UserErrorException">The file cannot be written.</exception>
    public static void WriteWhole(string model, string path, bool isSeamless)
    {
        OutputFile.RequireWritable(path, Option);
        using UNetOnnx network = new(ModelFolder.Open(model), isSeamless);
        OutputFile.Write(path, network.Write);
        Console.WriteLine($"{model} -> {path}, {new FileInfo(path).Length / 1e6:F1} MB");
    }

    /// <summary>Writes every slice to a folder, all of them or none; files are numbered as they run.</summary>
    /// <param name="model">The model folder.</param>
    /// <param name="folder">The folder: new or empty, so that no slice of another network stays in it.</param>
    /// <param name="isSeamless">Whether convolutions wrap around.</param>
    /// <exception cref="UserErrorException">The folder holds something, or cannot be written.</exception>
    public static void WriteSlices(string model, string folder, bool isSeamless)
    {
        OutputFile.RequireWritableFolder(folder, Option);
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new UserErrorException($"{Option} '{folder}' is not empty; with --per-slice name a new folder.");
        }

        using UNetOnnx network = new(ModelFolder.Open(model), isSeamless);
        IReadOnlyList<string> names = network.SliceNames;
        string target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        string partial = $"{target}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(partial);
            for (int i = 0; i < names.Count; i++)
            {
                string number = i.ToString("D3", CultureInfo.InvariantCulture);
                using FileStream file = File.Create(Path.Combine(partial, $"{number}-{names[i]}.onnx"));
                network.WriteSlice(i, file);
            }

            if (Directory.Exists(target))
            {
                Directory.Delete(target);
            }

            Directory.Move(partial, target);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"cannot write '{folder}': {exception.Message}", exception);
        }
        finally
        {
            if (Directory.Exists(partial))
            {
                Directory.Delete(partial, recursive: true);
            }
        }

        Console.WriteLine($"{model} -> {folder}, {names.Count} slices");
    }
}
