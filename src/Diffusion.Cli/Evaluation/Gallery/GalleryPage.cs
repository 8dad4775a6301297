using System.Text;
using System.Text.Json;
using Diffusion.Cli.Evaluation.Quality;
using Diffusion.Cli.Output;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.PixelFormats;

namespace Diffusion.Cli.Evaluation.Gallery;

/// <summary>
/// <c>gallery.html</c>: all rows under sliders for steps and solver, in one file that asks for nothing outside.
/// </summary>
internal static class GalleryPage
{
    private const int PerStrip = 2;
    private const int MaxBytes = 3_000_000;
    private const int LeastQuality = 30;

    private static readonly JsonSerializerOptions _format = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>Writes the page at the best quality of pictures at which it stays below 3 MB.</summary>
    public static byte[] Write(GallerySource source)
    {
        for (int quality = 86; ; quality -= 8)
        {
            string data = JsonSerializer.Serialize(Data(source, quality), _format);
            byte[] page = Encoding.UTF8.GetBytes(
                GalleryTemplate.Page.Replace(GalleryTemplate.DataMark, data, StringComparison.Ordinal));
            if (page.Length <= MaxBytes || quality <= LeastQuality)
            {
                return page;
            }
        }
    }

    private static object Data(GallerySource source, int quality)
    {
        QualityResult result = source.Result;
        return new
        {
            result.Edge,
            result.Date,
            result.Machine,
            result.BudgetMs,
            result.Seed,
            Classes = source.ClassNames,
            HeldOut = new
            {
                Patches = result.HeldOut.SlicedToTraining!.Value,
                Accuracy = result.HeldOut.Accuracy.Value,
            },
            Real = source.HeldOut.ByLabel.Select(pictures => Strip(pictures, result.Edge, quality)),
            Rows = result.Rows.Select(row => new
            {
                row.Row.Model,
                row.Row.Guidance,
                row.Row.Solver,
                row.Row.Steps,
                Evaluations = row.Time?.Evaluations,
                Ms = row.Time?.Milliseconds,
                Frames = row.Time?.Frames,
                Patches = row.Score.SlicedToTraining!.Value,
                Ratio = row.ToMostSteps?.Value,
                Accuracy = row.Score.Accuracy.Value,
                Strips = source.ClassNames.Select(
                    name => Strip(source.Store.Read(row.Row, name), result.Edge, quality)),
            }),
        };
    }

    private static string Strip(IReadOnlyList<float[]> textures, int edge, int quality)
    {
        if (textures.Count == 0)
        {
            return "";
        }

        using Image<Rgb24> strip = TextureImage.Strip([.. textures.Take(PerStrip)], edge);
        using var bytes = new MemoryStream();
        strip.SaveAsWebp(bytes, new WebpEncoder { Quality = quality, FileFormat = WebpFileFormatType.Lossy });
        return $"data:image/webp;base64,{Convert.ToBase64String(bytes.GetBuffer(), 0, (int)bytes.Length)}";
    }
}
