using System.Text.Json.Serialization;

namespace Diffusion.Cli.Reporting;

/// <summary>Percentiles of a series of durations in milliseconds, by the nearest-rank definition.</summary>
internal sealed record Percentiles(
    [property: JsonPropertyName("p50")] double P50,
    [property: JsonPropertyName("p95")] double P95,
    [property: JsonPropertyName("p99")] double P99,
    [property: JsonPropertyName("p999")] double P999,
    [property: JsonPropertyName("max")] double Max)
{
    /// <summary>Percentiles of <paramref name="milliseconds"/>; all zero for an empty series.</summary>
    public static Percentiles Of(ReadOnlySpan<double> milliseconds)
    {
        if (milliseconds.IsEmpty)
        {
            return new Percentiles(0, 0, 0, 0, 0);
        }

        double[] sorted = milliseconds.ToArray();
        Array.Sort(sorted);
        return new Percentiles(
            NearestRank(sorted, 0.5),
            NearestRank(sorted, 0.95),
            NearestRank(sorted, 0.99),
            NearestRank(sorted, 0.999),
            sorted[^1]);
    }

    private static double NearestRank(double[] sorted, double quantile) =>
        Round(sorted[Math.Max(0, (int)Math.Ceiling(quantile * sorted.Length) - 1)]);

    private static double Round(double value) => Math.Round(value, 4);
}
