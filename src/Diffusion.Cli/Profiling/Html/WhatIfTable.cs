using System.Globalization;
using System.Xml.Linq;
using Diffusion.Cli.Reporting;
using static Diffusion.Cli.Profiling.Html.Markup;

namespace Diffusion.Cli.Profiling.Html;

/// <summary>Steps against frames to completion, by the throughput that was measured.</summary>
internal sealed class WhatIfTable(FrameReport report)
{
    private static readonly int[] _steps = [1, 2, 4, 8, 10, 15, 20, 30, 50, 100];
    private static readonly double[] _budgets = [1, 2, 4, 8, 16];
    private const double FramesPerSecond = 60;

    /// <summary>Frames that a number of steps of one texture alone takes.</summary>
    /// <param name="report">The run that measured the throughput.</param>
    /// <param name="steps">How many steps.</param>
    /// <param name="budgetMs">The budget; of others than the run's the same share is taken to be used.</param>
    public static double Frames(FrameReport report, int steps, double budgetMs) =>
        Math.Ceiling(steps * (double)report.Frames / report.StepsCompleted * report.BudgetMs / budgetMs);

    /// <summary>Draws it.</summary>
    public XElement Draw()
    {
        double[] budgets = [.. _budgets.Append(report.BudgetMs).Distinct().Order()];
        int[] steps = [.. _steps.Append(report.Steps).Distinct().Order()];
        return Tag(
            "table",
            Tag("thead", Tag(
                "tr",
                Tag("th", "steps"),
                budgets.Select(budget => Head($"{Short(budget)} ms", budget == report.BudgetMs)),
                Head($"all {report.Textures} at {Short(report.BudgetMs)} ms", isMarked: false),
                Head("in seconds at 60 Hz", isMarked: false))),
            Tag("tbody", steps.Select(count => Row(count, budgets))));
    }

    private static XElement Head(string text, bool isMarked) =>
        isMarked ? Styled("th", "number marked", text) : Styled("th", "number", text);

    private XElement Row(int steps, double[] budgets)
    {
        double all = Math.Ceiling(
            (double)steps * report.Textures!.Value * report.Frames / report.StepsCompleted);
        return Tag(
            "tr",
            steps == report.Steps ? Attribute("class", "marked") : null,
            Tag("td", Count(steps)),
            budgets.Select(budget => Styled(
                "td", budget == report.BudgetMs ? "number marked" : "number", Count(Frames(report, steps, budget)))),
            Styled("td", "number", Count(all)),
            Styled("td", "number", (all / FramesPerSecond).ToString("0.0", CultureInfo.InvariantCulture)));
    }

    private static string Short(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
