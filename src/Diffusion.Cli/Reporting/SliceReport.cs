using Diffusion.Runtime.Telemetry;

namespace Diffusion.Cli.Reporting;

/// <summary>What a slice was predicted to take, and what it took.</summary>
/// <param name="Name">The slice.</param>
/// <param name="Count">How often it ran.</param>
/// <param name="PredictedMs">The mean of what the model of time promised.</param>
/// <param name="P05">5th percentile of what it took, in milliseconds.</param>
/// <param name="P50">Median of what it took.</param>
/// <param name="P95">95th percentile of what it took.</param>
/// <param name="P99">99th percentile of what it took.</param>
/// <param name="ExceededRatio">How often it took longer than promised.</param>
internal sealed record SliceReport(
    string Name,
    int Count,
    double PredictedMs,
    double P05,
    double P50,
    double P95,
    double P99,
    double ExceededRatio)
{
    /// <summary>Reads the slices of a trace, in the order of <paramref name="names"/>.</summary>
    public static IReadOnlyList<SliceReport> Read(TraceRecorder trace, IReadOnlyList<string> names)
    {
        Dictionary<TraceName, List<TraceEntry>> spans = [];
        foreach (TraceEntry entry in trace.Read())
        {
            if (!entry.IsCounter && entry.Details.Predicted >= TimeSpan.Zero)
            {
                if (!spans.TryGetValue(entry.Name, out List<TraceEntry>? list))
                {
                    spans.Add(entry.Name, list = []);
                }

                list.Add(entry);
            }
        }

        return
        [
            .. names.Distinct().Select(trace.AddName).Where(spans.ContainsKey)
                .Select(name => Of(trace.Text(name), spans[name])),
        ];
    }

    private static SliceReport Of(string name, List<TraceEntry> spans)
    {
        double[] taken = [.. spans.Select(span => span.Duration.TotalMilliseconds).Order()];
        return new SliceReport(
            name,
            spans.Count,
            Math.Round(spans.Average(span => span.Details.Predicted.TotalMilliseconds), 4),
            Quantile(taken, 0.05),
            Quantile(taken, 0.5),
            Quantile(taken, 0.95),
            Quantile(taken, 0.99),
            Math.Round((double)spans.Count(span => span.Duration > span.Details.Predicted) / spans.Count, 5));
    }

    private static double Quantile(double[] sorted, double share) =>
        Math.Round(sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)], 4);
}
