using Diffusion.Torch.Quality;

namespace Diffusion.Cli.Evaluation.Quality;

/// <summary>A row with all that was measured of it.</summary>
internal sealed record RowResult
{
    public required QualityRow Row { get; init; }

    /// <summary>Null while it was not measured.</summary>
    public RowTime? Time { get; init; }

    public required QualityScore Score { get; init; }

    /// <summary>
    /// Sliced distance as a multiple of that of the model's most steps, by the same solver where it has as many.
    /// </summary>
    public Estimate? ToMostSteps { get; init; }
}
