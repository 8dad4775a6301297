using System.Globalization;
using System.Text;
using Diffusion.Cli.Evaluation.Quality;
using Diffusion.Cli.Output;

namespace Diffusion.Cli.Evaluation.Gallery;

/// <summary>Writes a gallery: a page for a repository with its picture, and one with sliders.</summary>
internal static class GalleryWriter
{
    private const string PictureName = "gallery.jpg";

    /// <summary>Writes <c>gallery.md</c> and its picture to one folder, <c>gallery.html</c> to another.</summary>
    /// <returns>The files.</returns>
    public static IReadOnlyList<string> Write(GallerySource source, string folder, string pageFolder)
    {
        string text = Path.Combine(folder, "gallery.md");
        string picture = Path.Combine(folder, "images", PictureName);
        string page = Path.Combine(pageFolder, "gallery.html");
        byte[] drawn = GalleryPicture.Draw(source);
        byte[] written = GalleryPage.Write(source);
        OutputFile.Write(picture, stream => stream.Write(drawn));
        OutputFile.Write(page, stream => stream.Write(written));
        OutputFile.Write(text, stream => stream.Write(Encoding.UTF8.GetBytes(Text(source))));
        return [text, picture, page];
    }

    private static string Text(GallerySource source)
    {
        QualityResult result = source.Result;
        string columns = string.Join('\n', source.Columns.Select(row =>
            $"| {row.Row.Steps} | {row.Row.Model}, {row.Row.Solver}, guidance {row.Row.Guidance.ToString(CultureInfo.InvariantCulture)} | "
            + $"{string.Join(" | ", QualityCells.Cost(row.Time))} | {QualityCells.Range(row.Score.SlicedToTraining, "0.000")} | "
            + $"{QualityCells.Text(row.Score.Accuracy, "0 %")} |"));
        return $"""
            # Gallery

            Real textures that were held out of training, and what the shipped model makes: seeds {result.Seed} and {result.Seed + 1} of each class, not
            chosen, at {result.Edge}x{result.Edge} pixels and drawn half as large again. Of each step count the model and solver whose patches come nearest to real ones.

            ![Real and generated textures of each class side by side](images/{PictureName})

            | steps | model and solver | evaluations | ms | frames of {result.BudgetMs} ms | patches | class |
            | ---: | --- | ---: | ---: | ---: | ---: | ---: |
            {columns}
            | | held-out pictures | | | | {QualityCells.Range(result.HeldOut.SlicedToTraining, "0.000")} | {QualityCells.Text(result.HeldOut.Accuracy, "0 %")} |

            What the figures mean, and all of them: [quality.md](quality.md). This page, its picture and `out/quality/gallery.html`, a page with sliders
            over steps and solvers, are made by one command once `docs/training.md` has fetched the textures ({result.Date}, {result.Machine}):

            ```sh
            dotnet run -c Release --project src/Diffusion.Cli -- evaluate --quality --model models/textures-64 --data data/textures \
                --solver {string.Join(',', result.Rows.Select(row => row.Row.Solver).Distinct())} --count {result.Count} --gallery docs
            ```

            """;
    }
}
