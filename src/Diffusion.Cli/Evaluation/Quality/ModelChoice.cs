using Diffusion.Cli.Generation;
using Diffusion.Runtime.Denoising;

namespace Diffusion.Cli.Evaluation.Quality;

/// <summary>A model to measure and how it is guided.</summary>
/// <param name="Folder">Its folder, as it was named.</param>
/// <param name="Guidance">Guidance scale, or null for the model's default.</param>
internal sealed record ModelChoice(string Folder, float? Guidance)
{
    /// <summary>Where guidance applies.</summary>
    public GuidanceInterval Interval { get; init; } = GuidanceIntervals.Default;
}
