namespace Diffusion.Cli.Evaluation.Quality;

/// <summary>How much of a comparison is done in one go.</summary>
internal enum QualityPart
{
    /// <summary>All that is missing, and the report.</summary>
    All,

    /// <summary>Missing textures.</summary>
    Samples,

    /// <summary>Times of all rows, measured anew.</summary>
    Times,
}
