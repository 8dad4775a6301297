using System.Runtime.ExceptionServices;
using Diffusion.Cli.Output;
using Diffusion.Torch.Training;

namespace Diffusion.Cli.Data;

/// <summary>
/// Reads a training set: a folder with one sub-folder of PNG files a class, in which a folder <see cref="HeldOut"/> may
/// hold those that are kept from training.
/// </summary>
internal static class TextureFolder
{
    /// <summary>The folder of a class's held-out pictures, within the class's.</summary>
    public const string HeldOut = "held-out";

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
            .Order(StringComparer.Ordinal)
            .SelectMany(FilesOf)
            .ToArray();
        if (files.Length == 0)
        {
            throw new UserErrorException($"The folder '{folder}' holds no CLASS/*.png.");
        }

        try
        {
            return
            [
                .. files.AsParallel().AsOrdered()
                    .Select(entry => Decode(entry.File, entry.ClassName, entry.IsHeldOut)),
            ];
        }
        catch (AggregateException several)
        {
            // One bad picture is enough to tell of.
            ExceptionDispatchInfo.Throw(several.InnerExceptions[0]);
            throw;
        }
    }

    private static IEnumerable<(string File, string ClassName, bool IsHeldOut)> FilesOf(string classFolder)
    {
        var className = Path.GetFileName(classFolder);
        var heldOut = Path.Combine(classFolder, HeldOut);
        return PicturesIn(classFolder).Select(file => (file, className, false))
            .Concat(PicturesIn(heldOut).Select(file => (file, className, true)));
    }

    private static IEnumerable<string> PicturesIn(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "*.png").Order(StringComparer.Ordinal)
        : [];

    private static TrainingImage Decode(string file, string className, bool isHeldOut)
    {
        using var image = TextureImage.Load(file);
        if (image.Width != image.Height)
        {
            throw new UserErrorException($"The picture '{file}' is {image.Width}x{image.Height}; it must be square.");
        }

        var rgb = new byte[3 * image.Width * image.Height];
        image.CopyPixelDataTo(rgb);
        return new TrainingImage(Path.GetFileName(file), className, image.Width, rgb, isHeldOut);
    }
}
