using System.Text;
using System.Xml;
using System.Xml.Linq;
using Diffusion.Cli.Reporting;
using static Diffusion.Cli.Profiling.Html.Markup;

namespace Diffusion.Cli.Profiling.Html;

/// <summary><c>report.html</c>: a page of figures, tables and drawings that asks for nothing outside itself.</summary>
/// <remarks>It is XHTML that is also HTML, so that an XML parser can check it.</remarks>
internal static class HtmlReport
{
    /// <summary>Writes the page.</summary>
    public static void Write(Stream output, ProfileResult result)
    {
        var document = new XDocument(new XDocumentType("html", null, null, null), Page(result));
        var format = new XmlWriterSettings
        {
            Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            OmitXmlDeclaration = true,
            Indent = false,
        };
        using var writer = XmlWriter.Create(output, format);
        document.Save(writer);
    }

    private static XElement Page(ProfileResult result)
    {
        FrameReport report = result.Report;
        return Tag(
            "html",
            Attribute("lang", "en"),
            Tag(
                "head",
                Tag("meta", Attribute("charset", "utf-8")),
                Tag(
                    "meta",
                    Attribute("name", "viewport"),
                    Attribute("content", "width=device-width, initial-scale=1")),
                Tag("title", $"Frame budget: {report.Model}, {Milliseconds(report.BudgetMs)}"),
                Tag("style", HtmlStyle.Sheet)),
            Tag("body", Tag(
                "main",
                Header(report),
                Tiles(report),
                Policies(report),
                report.Load is null ? null : Load(report),
                Frames(result),
                Taken(result),
                report.Slices is { Count: > 0 } slices ? Slices(slices) : null,
                report.StepsCompleted > 0 ? WhatIf(report) : null,
                Footer(result))));
    }

    private static object[] Header(FrameReport report) =>
    [
        Tag("h1", $"{Number(report.BudgetMs)} ms a frame for textures"),
        Styled(
            "p",
            "sub",
            $"{report.Model} · {report.Width}×{report.Height} · {report.Solver} · {report.Steps} steps · "
            + $"guidance {Number(report.GuidanceScale!.Value)} · {report.Textures} at a time · "
            + $"{Count(report.Frames)} frames · {report.Device}"),
    ];

    private static XElement Tiles(FrameReport report)
    {
        PhaseReport choice = report.WithChoice!;
        HostCostReport cost = report.HostCost!;
        double p99 = choice.TickMs.P99;
        return Styled(
            "div",
            "tiles",
            Tile(
                $"99 % of ticks ({report.Policy})",
                Milliseconds(p99),
                $"{Number(p99 / report.BudgetMs)} × budget; 99.9 %: {Number(choice.TickMs.P999 / report.BudgetMs)} ×"),
            Tile(
                "Overran the budget",
                Percent(choice.Overrun.Ratio),
                $"of {Count(choice.Frames)} frames with a choice; worst by {Milliseconds(choice.Overrun.MaxMs)}"),
            Tile(
                "Of the budget used",
                Percent(report.Utilization),
                "while work was waiting"),
            Tile(
                "Steps a second",
                Number(Math.Round(60.0 * report.StepsCompleted / report.Frames, 1)),
                $"at 60 frames a second; {Milliseconds(report.MsPerStep ?? 0)} of ticks each"),
            Tile(
                "Cost to the host",
                Milliseconds(cost.DifferenceMs),
                $"a frame, on less off; ticks alone {Milliseconds(cost.TickMs)}"));
    }

    private static XElement Tile(string label, string value, string more) => Styled(
        "div",
        "tile",
        Styled("div", "label", label),
        Styled("div", "value", value),
        Styled("div", "more", more));

    private static XElement Policies(FrameReport report) => Card(
        report.Policies!.Count > 1 ? "Ways to spend a frame's time" : "Ticks",
        "Times of ticks in milliseconds, by nearest rank. A frame without a choice is one in which a slice was begun "
        + "that was not expected to fit, because its turn had come or nothing else was left.",
        PolicyTable.Draw(report));

    private static XElement Load(FrameReport report) => Card(
        "Beside a process that burns a core",
        $"Frames {Count(report.Load!.BeginFrame)} to {Count(report.Load.EndFrame)} ran beside it; figures of frames "
        + $"with a choice. Recovered: {Recovery.Window} frames use {Percent(Recovery.Share)} of what was used before.",
        PolicyTable.DrawLoad(report));

    private static XElement Frames(ProfileResult result)
    {
        double limit = result.Report.HostCost!.OffMs + result.Report.BudgetMs;
        double p999 = result.Report.Policies!.Values.Max(policy => policy.FrameMs.P999);
        double max = Math.Clamp(1.1 * p999, 1.3 * limit, 3 * limit);
        string hostWork = result.Settings.HostWork > TimeSpan.Zero ? "the host's own work and " : "";
        return Card(
            "Frames",
            "Every frame's time in order, and how often each time occurred. The line is the median, the band reaches "
            + $"from shortest to longest; dashed: {hostWork}the budget.",
            result.Runs.Select(run => new object[]
            {
                Styled(
                    "div",
                    "head",
                    Tag("b", Styled("span", $"key {run.Name}"), run.Name),
                    Tag("span", Summary(result.Report.Policies[run.Name]))),
                new FrameChart(run, limit, max).Draw(result.Settings),
            }));
    }

    private static string Summary(FrameReport policy) =>
        $"{policy.WorkPerFrame} · frame p50 {Milliseconds(policy.FrameMs.P50)}, "
        + $"p99 {Milliseconds(policy.FrameMs.P99)}, max {Milliseconds(policy.FrameMs.Max)} · "
        + $"{Percent(policy.Overrun.Ratio)} of ticks overran";

    private static XElement Taken(ProfileResult result) => Card(
        "Budget against taken",
        "How many ticks took longer than so many budgets. A curve that falls off a cliff at 1 keeps its promise; what "
        + "reaches to the right is a hitch.",
        Styled("div", "legend", result.Runs.Select(run => Tag("span", Styled("span", $"key {run.Name}"), run.Name))),
        new ExceedanceChart(result.Runs).Draw());

    private static XElement Slices(IReadOnlyList<SliceReport> slices) => Card(
        "Model of time against slices",
        "What each slice took under the budget policy, and what the model promised before it ran. A promise is an "
        + "upper quantile: it should stand near the right end of the bar or beyond.",
        Styled(
            "div",
            "legend",
            Tag("span", Styled("span", "key budget"), "took: 5 % to 95 %, line to 99 %"),
            Tag("span", Styled("span", "key median"), "median"),
            Tag("span", Styled("span", "key promise"), "promised, mean"),
            Tag("span", "over: took longer than promised")),
        new SliceChart(slices).Draw());

    private static XElement WhatIf(FrameReport report) => Card(
        "What if: steps against frames to completion",
        $"By this run's throughput of {Number((double)report.StepsCompleted / report.Frames)} steps a frame with the "
        + $"policy {report.Policy}; one texture alone, unless all are named. Other budgets are reckoned in proportion.",
        new WhatIfTable(report).Draw());

    private static XElement Footer(ProfileResult result)
    {
        HostCostReport cost = result.Report.HostCost!;
        return Tag(
            "footer",
            $"Means before the runs: {Milliseconds(result.Survey.MeanSlice.TotalMilliseconds)} a slice, "
            + $"{Milliseconds(result.Survey.MeanStep.TotalMilliseconds)} a step. Host: {Milliseconds(cost.OffMs)} a "
            + $"frame without the runtime, {Milliseconds(cost.OnMs)} with it. "
            + $"{Count(result.Report.AllocatedBytesPerFrame)} bytes allocated a frame, "
            + $"{Count(result.Report.GcCollections)} garbage collections. "
            + "The same figures are in ",
            Tag("code", "report.json"),
            "; ",
            Tag("code", "trace.json"),
            " opens in Perfetto.");
    }

    private static XElement Card(string title, string text, params object?[] content) =>
        Styled("section", "card", [Tag("h2", title), Tag("p", text), .. content]);
}
