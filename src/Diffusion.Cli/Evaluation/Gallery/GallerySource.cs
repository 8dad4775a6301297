using Diffusion.Cli.Evaluation.Quality;
using Diffusion.Torch.Quality;

namespace Diffusion.Cli.Evaluation.Gallery;

/// <summary>What a gallery shows: a scored comparison, its textures and the real ones.</summary>
/// <param name="Result">The comparison, of at least one row.</param>
/// <param name="Store">Its textures.</param>
/// <param name="HeldOut">Held-out pictures by the data's labels.</param>
/// <param name="ClassNames">Names of the labels.</param>
internal sealed record GallerySource(
    QualityResult Result, SampleStore Store, LabelledPictures HeldOut, IReadOnlyList<string> ClassNames)
{
    private static readonly int[] _fewSteps = [8, 4, 1];

    /// <summary>
    /// The rows side by side: of the most steps, of 8, 4 and 1. Each is of the model and solver with the fewest
    /// evaluations among those whose patches are as near to real ones as the nearest, within its interval.
    /// </summary>
    public IReadOnlyList<RowResult> Columns
    {
        get
        {
            int most = Result.Rows.Max(row => row.Row.Steps);
            return [.. _fewSteps.Where(steps => steps < most).Prepend(most)
                .Select(steps => Choose([.. Result.Rows.Where(row => row.Row.Steps == steps)]))
                .OfType<RowResult>()];
        }
    }

    private static RowResult? Choose(IReadOnlyList<RowResult> rows)
    {
        double limit = rows.Count > 0 ? rows.MinBy(row => Patches(row).Value)!.Score.SlicedToTraining!.High : 0;
        return rows.Where(row => Patches(row).Value <= limit)
            .OrderBy(row => row.Time?.Evaluations)
            .ThenBy(row => Patches(row).Value)
            .FirstOrDefault();
    }

    private static Estimate Patches(RowResult row) => row.Score.SlicedToTraining!;
}
