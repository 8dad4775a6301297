namespace Diffusion.Cli.Evaluation.Quality;

/// <summary>What <c>evaluate --quality</c> was asked for.</summary>
internal sealed record QualitySettings
{
    public required IReadOnlyList<ModelChoice> Models { get; init; }

    public required string Data { get; init; }

    public required IReadOnlyList<string> Solvers { get; init; }

    /// <summary>Step counts, ascending.</summary>
    public required IReadOnlyList<int> Steps { get; init; }

    /// <summary>Textures of each class.</summary>
    public required int Count { get; init; }

    /// <summary>Of the first texture of a class, and of everything else that is random.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Where textures, times and reports go.</summary>
    public required string Folder { get; init; }

    /// <summary>Textures timed for each row; 0 leaves times out.</summary>
    public required int Timed { get; init; }

    public required QualityPart Part { get; init; }

    /// <summary>Where the gallery goes, or null for none.</summary>
    public string? Gallery { get; init; }

    /// <summary>Batches that the judge of classes is trained on.</summary>
    public int ClassifierIterations { get; init; } = 1000;

    /// <summary>Of the bootstrap.</summary>
    public int Replicates { get; init; } = 400;
}
