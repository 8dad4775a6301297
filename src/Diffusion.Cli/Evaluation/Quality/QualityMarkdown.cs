using System.Globalization;
using System.Text;
using Diffusion.Torch.Quality;

namespace Diffusion.Cli.Evaluation.Quality;

/// <summary><c>quality.md</c>: the comparison as tables.</summary>
internal static class QualityMarkdown
{
    /// <summary>The report.</summary>
    public static string Of(QualityResult result)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"""
            # Quality

            {result.Date}, {result.Machine}; {result.Count} textures of each class from seed {result.Seed} at
            {result.Edge} pixels, {result.HeldOut.Count} held-out pictures of {result.Classes.Count} classes; 95 % intervals
            by {result.Replicates} resamplings.

            ## Marks
            """);
        Table(text, ["", .. QualityCells.ScoreHeads], [
            ["held out: the ceiling", .. QualityCells.Score(result.HeldOut)],
            ["training pictures", .. QualityCells.Score(result.Training)],
            ["another class: a floor", .. QualityCells.Score(result.AnotherClass)],
            ["noise: a floor", .. QualityCells.Score(result.Noise)]]);
        foreach (var curve in result.Rows.GroupBy(row => row.Row.Curve))
        {
            RowResult first = curve.First();
            text.AppendLine();
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"## {first.Row.Model}, {first.Row.Solver}, guidance {first.Row.Guidance}");
            Table(
                text,
                ["steps", "evals", "ms", $"frames of {result.BudgetMs} ms", "x most steps", .. QualityCells.ScoreHeads],
                [.. curve.Select(row => (string[])[
                    QualityCells.Text(row.Row.Steps, "0"),
                    .. QualityCells.Cost(row.Time),
                    QualityCells.Range(row.ToMostSteps, "0.00"),
                    .. QualityCells.Score(row.Score)])]);
        }

        text.AppendLine();
        text.AppendLine("## Nearest training pictures");
        string[] quantiles = ["", "0 %", "5 %", "25 %", "50 %", "75 %", "95 %", "100 %"];
        Table(text, quantiles, [
            Nearest("held out", result.HeldOut),
            .. result.Rows.GroupBy(row => row.Row.Curve).Select(curve => curve.MaxBy(row => row.Row.Steps)!)
                .Select(row => Nearest($"{row.Row.Model}, {row.Row.Solver}, {row.Row.Steps} steps", row.Score))]);
        text.AppendLine();
        text.AppendLine("## By class");
        RowResult[] best = [.. result.Rows.GroupBy(row => row.Row.ModelKey)
            .Select(model => model.MinBy(row => row.Score.SlicedToTraining!.Value)!)];
        Table(
            text,
            ["class", "held-out pictures", "patches: held out", "class: held out", .. best.SelectMany(HeadsByClass)],
            [.. result.Classes.Select((name, i) => (string[])[
                name,
                QualityCells.Text(result.HeldOutCounts[i], "0"),
                .. ByClass(result.HeldOut, i),
                .. best.SelectMany(row => ByClass(row.Score, i))])]);
        text.AppendLine();
        text.Append(Legend(result));
        return text.ToString();
    }

    private static string[] HeadsByClass(RowResult row) =>
        [$"patches: {row.Row.Solver} {row.Row.Steps}", $"class: {row.Row.Solver} {row.Row.Steps}"];

    private static string[] ByClass(QualityScore score, int i) =>
        [QualityCells.Text(score.SlicedByClass[i], "0.000"), QualityCells.Text(score.AccuracyByClass[i], "0 %")];

    private static string[] Nearest(string name, QualityScore score) =>
        [name, .. score.NearestQuantiles.Select(d => QualityCells.Text(d, "0.00"))];

    private static string Legend(QualityResult result)
    {
        string others = string.Join(", ", result.OtherClasses);
        return $"""
            - **patches**: sliced Wasserstein distance of 7x7 patches at three scales to the training pictures, in their
              spreads; **to held-out**: to the held-out ones. Both in groups as large as a class's held-out part.
            - **filters**: energy distance of filter-bank statistics to the training pictures: 0 for one distribution.
            - **spectrum**: mean error over frequencies; **fine**: what the finer half has too much or too little.
            - **seam**: step over the edge as a multiple of the 95th percentile of neighbouring lines' steps.
            - **class**: share whose class a small network finds, trained on the training pictures for
              {result.ClassifierIterations} batches.
            - **diversity**: mean distance within a class as a multiple of the training pictures'.
            - **nearer**: chance that a texture is nearer to a training picture, under any roll, mirror image or tint,
              than a held-out picture is; 0.5 is as new as held-out pictures, 1 is copied.
            - **evals**: of the network. **ms**: work for one texture in ticks of {result.BudgetMs} ms.
            - **x most steps**: patches as a multiple of those of the model's most steps, texture by texture.
            {(others.Length == 0 ? "" : $"- Nothing is held out of {others}: left out of all figures.\n")}
            """;
    }

    private static void Table(StringBuilder text, string[] heads, string[][] rows)
    {
        text.AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", heads)} |");
        text.AppendLine(CultureInfo.InvariantCulture, $"| --- |{string.Concat(heads.Skip(1).Select(_ => " ---: |"))}");
        foreach (string[] row in rows)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", row)} |");
        }
    }
}
