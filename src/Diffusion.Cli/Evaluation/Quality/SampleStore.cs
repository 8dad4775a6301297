using Diffusion.Cli.Output;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace Diffusion.Cli.Evaluation.Quality;

/// <summary>The textures of a comparison as files: one strip of seeds for each row and class.</summary>
/// <remarks>
/// 8 bits, as a renderer shows them; what is measured is what was kept. Any thread, one for each strip.
/// </remarks>
internal sealed class SampleStore(string folder, int edge, int count)
{
    /// <summary>Whether a strip is there.</summary>
    public bool Has(QualityRow row, string className) => File.Exists(PathOf(row, className));

    /// <summary>Keeps the textures of a class, each planar [3, edge, edge] in [-1, 1].</summary>
    public void Write(QualityRow row, string className, IReadOnlyList<float[]> textures)
    {
        using Image<Rgb24> strip = TextureImage.Strip(textures, edge);
        OutputFile.Write(PathOf(row, className), stream => strip.SaveAsPng(stream));
    }

    /// <summary>Reads the textures of a class.</summary>
    /// <exception cref="UserErrorException">The file is damaged or of another size.</exception>
    public IReadOnlyList<float[]> Read(QualityRow row, string className)
    {
        string path = PathOf(row, className);
        using Image<Rgb24> strip = TextureImage.Load(path);
        if (strip.Width != edge * count || strip.Height != edge)
        {
            throw new UserErrorException(
                $"'{path}' is {strip.Width}x{strip.Height}; it must be {edge * count}x{edge}. "
                + "Delete it to have it made again.");
        }

        return
        [
            .. Enumerable.Range(0, count)
                .Select(i => TextureImage.ToPlanar(strip, new Rectangle(i * edge, 0, edge, edge))),
        ];
    }

    private string PathOf(QualityRow row, string className) =>
        Path.Combine(folder, "samples", row.Key, $"{OutputFile.SafeName(className)}.png");
}
