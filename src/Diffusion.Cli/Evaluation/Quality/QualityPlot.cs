using ScottPlot;

namespace Diffusion.Cli.Evaluation.Quality;

/// <summary><c>quality.png</c>: the distance of patches over steps, a line for each model and solver.</summary>
internal static class QualityPlot
{
    private const int Width = 1000;
    private const int Height = 560;

    /// <summary>Draws it.</summary>
    /// <param name="result">The comparison, of at least one row.</param>
    public static byte[] Draw(QualityResult result)
    {
        using var plot = new Plot();
        bool isOneModel = result.Rows.Select(row => row.Row.ModelKey).Distinct().Count() == 1;
        foreach (var curve in result.Rows.GroupBy(row => row.Row.Curve))
        {
            RowResult[] rows = [.. curve];
            double[] places = [.. rows.Select(row => Math.Log2(row.Row.Steps))];
            double[] values = [.. rows.Select(row => row.Score.SlicedToTraining!.Value)];
            var line = plot.Add.Scatter(places, values);
            line.LineWidth = 2;
            line.MarkerSize = 7;
            line.LegendText = isOneModel ? curve.Key.Solver : $"{rows[0].Row.Model}, {curve.Key.Solver}";
        }

        var ceiling = plot.Add.HorizontalLine(result.HeldOut.SlicedToTraining!.Value);
        ceiling.LinePattern = LinePattern.Dashed;
        ceiling.Color = Colors.Black;
        ceiling.LegendText = "held-out pictures";
        var floor = plot.Add.HorizontalLine(result.AnotherClass.SlicedToTraining!.Value);
        floor.LinePattern = LinePattern.Dotted;
        floor.Color = Colors.Grey;
        floor.LegendText = "pictures of another class";
        int[] steps = [.. result.Rows.Select(row => row.Row.Steps).Distinct().Order()];
        plot.Axes.Bottom.SetTicks(
            [.. steps.Select(s => Math.Log2(s))], [.. steps.Select(s => QualityCells.Text(s, "0"))]);
        plot.Axes.SetLimitsY(0, 1.1 * result.Rows.Max(row => row.Score.SlicedToTraining!.Value));
        plot.XLabel("solver steps");
        plot.YLabel("distance of patches to training pictures");
        plot.ShowLegend(Alignment.UpperRight);
        return plot.GetImage(Width, Height).GetImageBytes();
    }
}
