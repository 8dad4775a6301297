using ScottPlot;

namespace Diffusion.Cli.Evaluation.Quality;

/// <summary><c>quality.png</c> and <c>quality-time.png</c>: the distance of patches over steps and over the milliseconds
/// that a texture takes, a line for each model and solver.</summary>
internal static class QualityPlot
{
    private const int Width = 1000;
    private const int Height = 560;
    private static readonly int[] _tickDigits = [1, 2, 5];

    /// <summary>Over steps.</summary>
    /// <param name="result">The comparison, of at least one row.</param>
    public static byte[] DrawOverSteps(QualityResult result) => Draw(
        result,
        result.Rows,
        row => row.Row.Steps,
        [.. result.Rows.Select(row => (double)row.Row.Steps).Distinct().Order()],
        "solver steps");

    /// <summary>Over milliseconds.</summary>
    /// <param name="result">The comparison.</param>
    /// <returns>Null where no row was timed.</returns>
    public static byte[]? DrawOverTime(QualityResult result)
    {
        RowResult[] timed = [.. result.Rows.Where(row => row.Time is { Milliseconds: > 0 })];
        if (timed.Length == 0)
        {
            return null;
        }

        // 1, 2, 5, 10, 20, 50 and so on, those around what was measured.
        double least = timed.Min(row => row.Time!.Milliseconds);
        double most = timed.Max(row => row.Time!.Milliseconds);
        double[] ticks = [.. Enumerable.Range(0, 8)
            .SelectMany(_ => _tickDigits, (power, digit) => digit * Math.Pow(10, power))
            .Where(tick => tick >= least / 2.5 && tick <= most * 2.5)];
        return Draw(
            result, timed, row => row.Time!.Milliseconds, ticks, $"ms of work for a texture, {timed[0].Time!.Device}");
    }

    private static byte[] Draw(
        QualityResult result,
        IReadOnlyList<RowResult> rows,
        Func<RowResult, double> place,
        double[] ticks,
        string label)
    {
        using var plot = new Plot();
        bool isOneModel = rows.Select(row => row.Row.ModelKey).Distinct().Count() == 1;
        bool isOneSolver = rows.Select(row => row.Row.Solver).Distinct().Count() == 1;
        foreach (var curve in rows.GroupBy(row => row.Row.Curve))
        {
            RowResult[] points = [.. curve];
            double[] places = [.. points.Select(row => Math.Log2(place(row)))];
            double[] values = [.. points.Select(row => row.Score.SlicedToTraining!.Value)];
            var line = plot.Add.Scatter(places, values);
            line.LineWidth = 2;
            line.MarkerSize = 7;
            line.LegendText = isOneModel ? curve.Key.Solver
                : isOneSolver ? points[0].Row.Model
                : $"{points[0].Row.Model}, {curve.Key.Solver}";
        }

        var ceiling = plot.Add.HorizontalLine(result.HeldOut.SlicedToTraining!.Value);
        ceiling.LinePattern = LinePattern.Dashed;
        ceiling.Color = Colors.Black;
        ceiling.LegendText = "held-out pictures";
        var floor = plot.Add.HorizontalLine(result.AnotherClass.SlicedToTraining!.Value);
        floor.LinePattern = LinePattern.Dotted;
        floor.Color = Colors.Grey;
        floor.LegendText = "pictures of another class";
        plot.Axes.Bottom.SetTicks(
            [.. ticks.Select(tick => Math.Log2(tick))], [.. ticks.Select(tick => QualityCells.Text(tick, "0"))]);
        plot.Axes.SetLimitsY(0, 1.1 * rows.Max(row => row.Score.SlicedToTraining!.Value));
        plot.XLabel(label);
        plot.YLabel("distance of patches to training pictures");
        plot.ShowLegend(Alignment.UpperRight);
        return plot.GetImage(Width, Height).GetImageBytes();
    }
}
