using System.Globalization;
using System.Text;
using System.Xml.Linq;
using static Diffusion.Cli.Profiling.Html.Markup;

namespace Diffusion.Cli.Profiling.Html;

/// <summary>
/// Budget against taken: how many ticks took longer than a multiple of their budget, on a logarithmic axis.
/// </summary>
internal sealed class ExceedanceChart(IReadOnlyList<PolicyRun> runs)
{
    private const double Width = 1040;
    private const double Height = 280;
    private const double Left = 58;
    private const double Right = 1020;
    private const double Top = 14;
    private const double Bottom = 236;
    private const double MaxRatio = 2;

    private readonly Scale _horizontal = new(MaxRatio, Left, Right);
    private readonly int _decades = Math.Clamp((int)Math.Ceiling(Math.Log10(runs.Max(run => run.Count))), 1, 4);

    /// <summary>Draws it.</summary>
    public XElement Draw() => Drawing(
        Width,
        Height,
        "Share of ticks that took longer than a multiple of their budget, by policy",
        Grid(),
        runs.Select(run => Path($"curve {run.Name}", Curve(run))),
        Line("limit", _horizontal.At(1), Top, _horizontal.At(1), Bottom),
        Text("note", _horizontal.At(1) + 6, Top + 12, "the budget"));

    private IEnumerable<XElement> Grid()
    {
        for (int decade = 0; decade <= _decades; decade++)
        {
            double share = Math.Pow(10, -decade);
            yield return Line("grid", Left, Y(share), Right, Y(share));
            string label = share.ToString("0.## %", CultureInfo.InvariantCulture);
            yield return Text("axis end", Left - 8, Y(share) + 4, label);
        }

        foreach (double tick in _horizontal.Ticks(8))
        {
            string label = tick.ToString("0.## ×", CultureInfo.InvariantCulture);
            yield return Text("axis middle", _horizontal.At(tick), Bottom + 18, label);
        }

        yield return Text("axis middle", (Left + Right) / 2, Bottom + 36, "time taken, in budgets");
    }

    private string Curve(PolicyRun run)
    {
        double[] ratios = new double[run.Count];
        for (int frame = 0; frame < run.Count; frame++)
        {
            var tick = run.Samples[frame].Tick;
            ratios[frame] = tick.Taken / tick.Budget;
        }

        Array.Sort(ratios);
        var path = new StringBuilder("M").Append(Number(Left)).Append(' ').Append(Number(Y(1)));
        double lastX = Left;
        for (int i = 0; i < ratios.Length; i++)
        {
            // Of the ticks, those behind i take longer than ratios[i]. Points closer than a third of a pixel are one.
            double x = _horizontal.At(ratios[i]);
            if (ratios[i] > MaxRatio)
            {
                break;
            }

            if (x - lastX >= 0.3 || i >= ratios.Length - 12)
            {
                double y = Y((double)(ratios.Length - 1 - i) / ratios.Length);
                path.Append('H').Append(Number(x)).Append('V').Append(Number(y));
                lastX = x;
            }
        }

        return ratios[^1] > MaxRatio ? path.Append('H').Append(Number(Right)).ToString() : path.ToString();
    }

    private double Y(double share) => share <= 0
        ? Bottom
        : Math.Min(Bottom, Top - (Math.Log10(share) / _decades * (Bottom - Top)));
}
