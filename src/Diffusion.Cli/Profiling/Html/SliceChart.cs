using System.Globalization;
using System.Xml.Linq;
using Diffusion.Cli.Reporting;
using static Diffusion.Cli.Profiling.Html.Markup;

namespace Diffusion.Cli.Profiling.Html;

/// <summary>The model of time against what slices took: a row for each slice of a step.</summary>
internal sealed class SliceChart(IReadOnlyList<SliceReport> slices)
{
    private const double Width = 1040;
    private const double NameRight = 220;
    private const double Left = 232;
    private const double Right = 880;
    private const double CountRight = 945;
    private const double ExceededRight = 1030;
    private const double Top = 34;
    private const double RowHeight = 22;
    private const double BarHeight = 10;

    /// <summary>Draws it.</summary>
    public XElement Draw()
    {
        double bottom = Top + (slices.Count * RowHeight);
        double max = slices.Max(slice => Math.Max(slice.PredictedMs, slice.P99)) * 1.05;
        var horizontal = new Scale(max, Left, Right);
        return Drawing(
            Width,
            bottom + 26,
            "Predicted and measured time of each slice",
            Grid(horizontal, bottom),
            slices.SelectMany((slice, row) => Row(slice, Top + (row * RowHeight), horizontal)));
    }

    private static IEnumerable<XElement> Grid(Scale horizontal, double bottom)
    {
        yield return Text("axis end", CountRight, Top - 14, "runs");
        yield return Text("axis end", ExceededRight, Top - 14, "over");
        foreach (double tick in horizontal.Ticks(6))
        {
            double x = horizontal.At(tick);
            yield return Line("grid", x, Top - 6, x, bottom);
            yield return Text("axis middle", x, bottom + 16, tick.ToString("0.### ms", CultureInfo.InvariantCulture));
        }
    }

    private static IEnumerable<XElement> Row(SliceReport slice, double top, Scale horizontal)
    {
        double middle = top + (RowHeight / 2);
        string title = $"{slice.Name}: predicted {Milliseconds(slice.PredictedMs)} in the mean, took "
            + $"{Milliseconds(slice.P50)} (median), {Milliseconds(slice.P95)} (p95), {Milliseconds(slice.P99)} (p99)";
        double low = horizontal.At(slice.P05);
        yield return Text("row end", NameRight, middle + 4, slice.Name);
        yield return Line("range-line", low, middle, horizontal.At(slice.P99), middle);
        yield return Rectangle(
            "bar budget",
            low,
            middle - (BarHeight / 2),
            Math.Max(2, horizontal.At(slice.P95) - low),
            BarHeight,
            title,
            radius: 3);
        double promised = horizontal.At(slice.PredictedMs);
        yield return Rectangle("promise", promised - 1.25, middle - 9, 2.5, 18, title, radius: 1);
        yield return Svg(
            "circle",
            Attribute("class", "dot"),
            Attribute("cx", Number(horizontal.At(slice.P50))),
            Attribute("cy", Number(middle)),
            Attribute("r", "3.5"),
            Svg("title", title));
        yield return Text("cell end", CountRight, middle + 4, Count(slice.Count));
        yield return Text("cell end", ExceededRight, middle + 4, Percent(slice.ExceededRatio));
    }
}
