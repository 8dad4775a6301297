using System.Globalization;
using System.Text;
using Diffusion.Cli.Evaluation.Quality;
using Diffusion.Cli.Output;
using Diffusion.Torch.Quality;

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
        string columns = string.Join('\n', source.Columns.Select(row => Line(
            QualityCells.Text(row.Row.Steps, "0"), NameOf(row.Row), QualityCells.Cost(row.Time), row.Score)));
        string solvers = string.Join(',', result.Rows.Select(row => row.Row.Solver).Distinct());
        return $"""
            # Gallery

            Real textures that were held out of training, and what the model makes: two seeds of each class, from
            {result.Seed} on and not chosen, {result.Edge} pixels wide and drawn half as large again. Of each step count
            the model and solver with the fewest evaluations among those whose patches are as near to real ones
            as the nearest, within its interval.

            ![Real and generated textures of each class side by side](images/{PictureName})

            | steps | model and solver | evals | ms | frames of {result.BudgetMs} ms | patches | class |
            | ---: | --- | ---: | ---: | ---: | ---: | ---: |
            {columns}
            {Line("", "held-out pictures", ["", "", ""], result.HeldOut)}

            [quality.md](quality.md) says what the figures mean and has all of them. This page, its picture and
            `out/quality/gallery.html`, a page with sliders over steps and solvers, are made by one command
            ({result.Date}, {result.Machine}):

            ```sh
            dotnet run -c Release --project src/Diffusion.Cli -- evaluate --quality --model models/textures-64 \
                --data data/textures --solver {solvers} --count {result.Count} --gallery docs
            ```

            """;
    }

    private static string NameOf(QualityRow row) =>
        string.Create(CultureInfo.InvariantCulture, $"{row.Model}, {row.Solver}, guidance {row.Guidance}");

    private static string Line(string steps, string name, IReadOnlyList<string> cost, QualityScore score)
    {
        string patches = QualityCells.Range(score.SlicedToTraining, "0.000");
        string accuracy = QualityCells.Text(score.Accuracy, "0 %");
        return $"| {steps} | {name} | {string.Join(" | ", cost)} | {patches} | {accuracy} |";
    }
}
