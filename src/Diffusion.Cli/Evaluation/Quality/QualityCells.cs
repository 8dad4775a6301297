using System.Globalization;
using Diffusion.Torch.Quality;

namespace Diffusion.Cli.Evaluation.Quality;

/// <summary>The figures of a row as text, the same in the terminal and in the report.</summary>
internal static class QualityCells
{
    private const string None = "-";

    /// <summary>Names of the columns that every set has.</summary>
    public static IReadOnlyList<string> ScoreHeads { get; } =
        ["patches", "to held-out", "filters", "spectrum", "fine", "seam", "class", "diversity", "nearer"];

    /// <summary>The figures of a set, as <see cref="ScoreHeads"/>.</summary>
    public static IReadOnlyList<string> Score(QualityScore score) =>
    [
        Range(score.SlicedToTraining, "0.000"),
        Range(score.SlicedToHeldOut, "0.000"),
        Range(score.StatisticsToTraining, "0.000"),
        Text(score.Spectrum, "0.0 dB"),
        Text(score.FineDetail, "+0.0 dB;-0.0 dB"),
        Text(score.Seam, "0.00"),
        Range(score.Accuracy, "0 %"),
        Text(score.Diversity, "0.00"),
        Range(score.Nearer, "0.00"),
    ];

    /// <summary>What a row costs: evaluations, milliseconds, frames.</summary>
    public static IReadOnlyList<string> Cost(RowTime? time) => time is null
        ? [None, None, None]
        : [Text(time.Evaluations, "0"), Text(time.Milliseconds, "0"), Text(time.Frames, "0")];

    /// <summary>A figure with its interval.</summary>
    public static string Range(Estimate? estimate, string format) => estimate is null || double.IsNaN(estimate.Value)
        ? None
        : $"{Text(estimate.Value, format)} ({Bare(estimate.Low, format)} to {Bare(estimate.High, format)})";

    /// <summary>A figure.</summary>
    public static string Text(Estimate? estimate, string format) =>
        estimate is null || double.IsNaN(estimate.Value) ? None : Text(estimate.Value, format);

    /// <summary>A number.</summary>
    public static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Bare(double value, string format) =>
        Text(value, format).Replace(" %", "", StringComparison.Ordinal);
}
