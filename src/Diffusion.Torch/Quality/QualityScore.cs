namespace Diffusion.Torch.Quality;

/// <summary>
/// How good a set of pictures is, each figure with its interval; means over classes, which count alike.
/// </summary>
public sealed record QualityScore
{
    /// <summary>Pictures scored.</summary>
    public required int Count { get; init; }

    /// <summary>
    /// Sliced Wasserstein distance of patches to the training pictures, in their spreads; null for themselves.
    /// </summary>
    public Estimate? SlicedToTraining { get; init; }

    /// <summary>The same to the held-out pictures; null for themselves.</summary>
    public Estimate? SlicedToHeldOut { get; init; }

    /// <summary><see cref="SlicedToTraining"/> by level of the pyramid, finest first.</summary>
    public IReadOnlyList<double> SlicedByLevel { get; init; } = [];

    /// <summary><see cref="SlicedToTraining"/> by class, in the order of <see cref="QualityScorer.Classes"/>.</summary>
    public IReadOnlyList<double> SlicedByClass { get; init; } = [];

    /// <summary>
    /// Energy distance of filter statistics to the training pictures, a share of 1; null for themselves.
    /// </summary>
    public Estimate? StatisticsToTraining { get; init; }

    /// <summary>The same to the held-out pictures; null for themselves.</summary>
    public Estimate? StatisticsToHeldOut { get; init; }

    /// <summary>
    /// Mean over frequencies of the spectrum's error against the training pictures in dB; null for themselves.
    /// </summary>
    public Estimate? Spectrum { get; init; }

    /// <summary>What the finer half of the spectrum has too much (grain) or too little (blur), in dB.</summary>
    public required Estimate FineDetail { get; init; }

    /// <summary>Mean seam ratio; see <see cref="SeamError"/>.</summary>
    public required Estimate Seam { get; init; }

    /// <summary>Share of pictures that wrap by the same rule.</summary>
    public required double WrappingShare { get; init; }

    /// <summary>Share of pictures whose class the classifier finds.</summary>
    public required Estimate Accuracy { get; init; }

    /// <summary><see cref="Accuracy"/> by class, in the order of <see cref="QualityScorer.Classes"/>.</summary>
    public IReadOnlyList<double> AccuracyByClass { get; init; } = [];

    /// <summary>
    /// Mean distance within a class as a multiple of the training pictures'; NaN where classes have one picture.
    /// </summary>
    public required Estimate Diversity { get; init; }

    /// <summary>
    /// The chance that a picture of the set is nearer to a training picture than a held-out one of its class is; 0.5
    /// for pictures that are as new as held-out ones. Null where no nearest pictures were looked for.
    /// </summary>
    public Estimate? Nearer { get; init; }

    /// <summary>Distances to the nearest training picture at 0, 5, 25, 50, 75, 95 and 100 % of the pictures.</summary>
    public IReadOnlyList<double> NearestQuantiles { get; init; } = [];

    /// <summary>
    /// Replicates of <see cref="SlicedToTraining"/>, which sets of the same seeds share draw by draw.
    /// </summary>
    internal IReadOnlyList<double> SlicedReplicates { get; init; } = [];

    /// <summary>
    /// <see cref="SlicedToTraining"/> as a multiple of another set's, with an interval that compares picture with
    /// picture where both are of the same seeds; null for the training pictures themselves.
    /// </summary>
    /// <param name="other">The other set, scored by the same scorer.</param>
    public Estimate? RatioTo(QualityScore other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return SlicedToTraining is null || other.SlicedToTraining is null
            ? null
            : Bootstrap.Interval(
                SlicedToTraining.Value / other.SlicedToTraining.Value,
                [.. SlicedReplicates.Zip(other.SlicedReplicates, (mine, its) => mine / its)]);
    }
}
