using System.Runtime.ExceptionServices;
using Diffusion.Cli.Output;
using Diffusion.Torch.Training;

namespace Diffusion.Cli.Training;

/// <summary>Reads a training set: a folder with one sub-folder of PNG files a class.</summary>
internal static class TextureFolder
{
    /// <summary>Decodes all pictures, ordered by class and name.</summary>
    /// <exception cref="UserErrorException">The folder is missing or holds no pictures, or one is not square or not a
    /// picture.</exception>
    public static IReadOnlyList<TrainingImage> Load(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new UserErrorException(
                $"The folder '{folder}' is missing; 'data textures --out {folder}' makes the training set.");
        }

        var files = Directory.EnumerateDirectories(folder)
            .Where(path => !Path.GetFileName(path).StartsWith('.'))
            .SelectMany(path => Directory.EnumerateFiles(path, "*.png"))
            .Order(StringComparer.Ordinal)
            .ToArray();
        if (files.Length == 0)
        {
            throw new UserErrorException($"The folder '{folder}' holds no CLASS/*.png.");
        }

        try
        {
            return [.. files.AsParallel().AsOrdered().Select(Decode)];
        }
        catch (AggregateException several)
        {
            // One bad picture is enough to tell of.
            ExceptionDispatchInfo.Throw(several.InnerExceptions[0]);
            throw;
        }
    }

    private static TrainingImage Decode(string file)
    {
        using var image = TextureImage.Load(file);
        if (image.Width != image.Height)
        {
            throw new UserErrorException($"The picture '{file}' is {image.Width}x{image.Height}; it must be square.");
        }

        var rgb = new byte[3 * image.Width * image.Height];
        image.CopyPixelDataTo(rgb);
        return new TrainingImage(
            Path.GetFileName(file), Path.GetFileName(Path.GetDirectoryName(file))!, image.Width, rgb);
    }
}
