using System.Globalization;
using System.Xml.Linq;
using Diffusion.Cli.Reporting;
using static Diffusion.Cli.Profiling.Html.Markup;

namespace Diffusion.Cli.Profiling.Html;

/// <summary>Percentiles of ticks by policy, and the run before, under and after load.</summary>
internal static class PolicyTable
{
    /// <summary>All frames and those with a choice, a row each.</summary>
    public static XElement Draw(FrameReport report) => Tag(
        "table",
        Tag("thead", Tag(
            "tr",
            Tag("th", "policy"),
            Tag("th", "runs in a frame"),
            Heads("frames", "p50", "p95", "p99", "p99.9", "max", "overran", "used", "ms a step", "steps", "textures"))),
        Tag("tbody", report.Policies!.SelectMany(policy => Rows(policy.Key, policy.Value))));

    /// <summary>The phases of a run under load, a row each.</summary>
    public static XElement DrawLoad(FrameReport report) => Tag(
        "table",
        Tag("thead", Tag(
            "tr",
            Tag("th", "policy"),
            Tag("th", "load"),
            Heads("frames", "p50", "p95", "p99", "p99.9", "max", "overran", "used", "recovered after"))),
        Tag("tbody", report.Policies!.Where(policy => policy.Value.Load is not null).SelectMany(
            policy => LoadRows(policy.Key, policy.Value.Load!))));

    private static IEnumerable<XElement> Rows(string name, FrameReport policy)
    {
        PhaseReport all = new(policy.Frames, policy.TickMs, policy.Overrun, policy.Utilization);
        PhaseReport choice = policy.WithChoice!;
        object[] totals =
        [
            Cell(policy.MsPerStep?.ToString("0.00", CultureInfo.InvariantCulture) ?? "–"),
            Cell(Count(policy.StepsCompleted)),
            Cell(Count(policy.TexturesCompleted)),
        ];
        yield return Tag("tr", Name(name), Tag("td", policy.WorkPerFrame), Cells(all), totals);
        if (name == PolicyNames.Budget)
        {
            XElement label = Tag("td", "… frames with a choice");
            yield return Tag("tr", Tag("td"), label, Cells(choice), Cell(""), Cell(""), Cell(""));
        }
    }

    private static IEnumerable<XElement> LoadRows(string name, LoadReport load)
    {
        string recovery = load.RecoveryFrames < 0 ? "not" : $"{Count(load.RecoveryFrames)} frames";
        yield return Tag("tr", Name(name), Tag("td", "before"), Cells(load.Before), Cell(""));
        yield return Tag("tr", Tag("td"), Tag("td", "during"), Cells(load.During), Cell(""));
        yield return Tag("tr", Tag("td"), Tag("td", "after"), Cells(load.After), Cell(recovery));
    }

    private static XElement Name(string name) => Tag("td", Styled("span", $"key {name}"), name);

    private static IEnumerable<XElement> Heads(params string[] names) =>
        names.Select(name => Styled("th", "number", name));

    private static IEnumerable<XElement> Cells(PhaseReport figures)
    {
        yield return Cell(Count(figures.Frames));
        Percentiles ticks = figures.TickMs;
        foreach (double value in (double[])[ticks.P50, ticks.P95, ticks.P99, ticks.P999, ticks.Max])
        {
            yield return Cell(value.ToString(value < 100 ? "0.00" : "0.0", CultureInfo.InvariantCulture));
        }

        yield return Cell(Percent(figures.Overrun.Ratio));
        yield return Cell(Percent(figures.Utilization));
    }

    private static XElement Cell(string text) => Styled("td", "number", text);
}
