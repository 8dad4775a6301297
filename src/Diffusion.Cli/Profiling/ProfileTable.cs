using System.Globalization;
using Diffusion.Cli.Reporting;
using Spectre.Console;

namespace Diffusion.Cli.Profiling;

/// <summary>The short table that the command prints.</summary>
internal static class ProfileTable
{
    /// <summary>Prints one row a policy.</summary>
    public static void Print(ProfileResult result, IAnsiConsole console)
    {
        FrameReport report = result.Report;
        string work = string.Join("; ", report.Policies!.Select(Work));
        console.MarkupLineInterpolated(
            $"{report.Model} {report.Width}x{report.Height}, {report.Steps} steps of {report.Solver}; {report.Device}");
        console.MarkupLineInterpolated(
            $"{report.Textures} textures, {report.Frames} frames of {report.BudgetMs} ms; a frame runs {work}.");
        var table = new Table().Border(TableBorder.Rounded)
            .Caption("ticks that were not forced beyond the budget, in milliseconds");
        table.AddColumn("policy");
        foreach (string name in (string[])["p50", "p99", "p99.9", "max", "overran", "used", "steps"])
        {
            table.AddColumn(new TableColumn(name).RightAligned());
        }

        foreach ((string name, FrameReport policy) in report.Policies!)
        {
            PhaseReport choice = policy.WithChoice!;
            table.AddRow(
                name,
                Number(choice.TickMs.P50),
                Number(choice.TickMs.P99),
                Number(choice.TickMs.P999),
                Number(choice.TickMs.Max),
                Percent(choice.Overrun.Ratio),
                Percent(policy.Utilization),
                policy.StepsCompleted.ToString(CultureInfo.InvariantCulture));
        }

        console.Write(table);
        HostCostReport cost = report.HostCost!;
        console.MarkupLineInterpolated(
            $"{report.Policy}: {report.WithChoice!.Frames} of {report.Frames} frames were not forced to run a slice beyond the budget.");
        console.MarkupLineInterpolated(
            $"A mean frame takes {cost.DifferenceMs:0.00} ms longer with the runtime on; ticks say {cost.TickMs:0.00} ms.");
    }

    private static string Work(KeyValuePair<string, FrameReport> policy) =>
        $"{policy.Value.WorkPerFrame} ({policy.Key})";

    private static string Number(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    private static string Percent(double ratio) => ratio.ToString("0.0 %", CultureInfo.InvariantCulture);
}
