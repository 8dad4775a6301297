using System.Globalization;
using Spectre.Console;

namespace Diffusion.Cli.Checking;

/// <summary>The tables that the command prints.</summary>
internal static class CheckTable
{
    /// <summary>Prints one table of devices, one of backends and one of sharing paths.</summary>
    public static void Print(CheckReport report, IAnsiConsole console)
    {
        Table devices = New("device", "type", "Vulkan", "");
        foreach (CheckedDevice device in report.Devices)
        {
            string state = device.Missing.Count > 0 ? $"lacks {string.Join(" and ", device.Missing)}"
                : device.IsChosen ? "chosen" : "serves";
            Add(devices, $"{device.Index}: {device.Name}", device.Type, device.Vulkan, $"{state}; {device.Driver}");
        }

        if (report.Devices.Count > 0)
        {
            console.Write(devices);
        }

        if (report.DeviceError is not null)
        {
            console.MarkupLineInterpolated($"{report.DeviceError}");
        }

        Table backends = New("backend", "", "ms/step");
        foreach (CheckedBackend backend in report.Backends)
        {
            Add(backends, backend.Name, Words(backend.State), Number(backend.StepMs));
        }

        console.Write(backends);
        PrintReasons(console, report.Backends.Select(backend => (backend.Name, backend.Reason)));
        Table paths = New("sharing path", "", "CPU us p50", "CPU us p99", "bytes copied");
        foreach (CheckedPath path in report.Sharing)
        {
            Add(
                paths, path.Name, Words(path.State), Number(path.HandOverUsP50), Number(path.HandOverUsP99),
                path.BytesCopied?.ToString(CultureInfo.InvariantCulture) ?? "");
        }

        console.Write(paths);
        PrintReasons(console, report.Sharing.Select(path => (path.Name, path.Reason)));
        foreach (string message in report.ValidationMessages ?? [])
        {
            console.MarkupLineInterpolated($"validation: {message}");
        }

        console.MarkupLineInterpolated($"{(report.Passed ? "What is there works." : "Something does not work.")}");
    }

    // Below the table: in a column of a terminal's width they would be a word a line. Those that say the same stand once.
    private static void PrintReasons(IAnsiConsole console, IEnumerable<(string Name, string Reason)> reasons)
    {
        foreach (var same in reasons.Where(pair => pair.Reason.Length > 0).GroupBy(pair => pair.Reason))
        {
            console.MarkupLineInterpolated($"{string.Join(", ", same.Select(pair => pair.Name))}: {same.Key}");
        }
    }

    private static Table New(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (string column in columns)
        {
            table.AddColumn(column);
        }

        return table;
    }

    // Names and reasons come from drivers: brackets in them are no markup.
    private static void Add(Table table, params string[] cells) => table.AddRow([.. cells.Select(Markup.Escape)]);

    private static string Words(CheckState state) => state switch
    {
        CheckState.Works => "works",
        CheckState.Failed => "FAILED",
        _ => "not available",
    };

    private static string Number(double? value) => value?.ToString("0.0", CultureInfo.InvariantCulture) ?? "";
}
