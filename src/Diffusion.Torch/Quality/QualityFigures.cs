namespace Diffusion.Torch.Quality;

/// <summary>The figures of a set, or of one resampling of it, without intervals.</summary>
internal sealed class QualityFigures
{
    public required double[] SlicedToTraining { get; init; }

    public required double SlicedToHeldOut { get; init; }

    public required double StatisticsToTraining { get; init; }

    public required double StatisticsToHeldOut { get; init; }

    public required double Spectrum { get; init; }

    public required double FineDetail { get; init; }

    public required double Seam { get; init; }

    public required double Accuracy { get; init; }

    public required double Diversity { get; init; }

    public required double Nearer { get; init; }

    /// <summary>1 for a picture whose class is found.</summary>
    public static double Recognised(DescribedPicture picture) => picture.IsRecognised ? 1 : 0;

    /// <summary>
    /// Those of a class; what depends on groups is the mean over orders, all of which have the same pictures.
    /// </summary>
    public static QualityFigures Of(ClassScore one, IReadOnlyList<int[]> orders)
    {
        (double[] ToTraining, double[] ToHeldOut)[] sliced = [.. orders.Select(one.Sliced)];
        int[] order = orders[0];
        (double toTraining, double toHeldOut) = one.Statistics(order);
        return new QualityFigures
        {
            SlicedToTraining = [.. Enumerable.Range(0, LaplacianPatches.LevelCount)
                .Select(level => sliced.Average(s => s.ToTraining[level]))],
            SlicedToHeldOut = sliced.Average(s => s.ToHeldOut.Average()),
            StatisticsToTraining = toTraining,
            StatisticsToHeldOut = toHeldOut,
            Spectrum = orders.Average(one.Spectrum),
            FineDetail = one.FineDetail(order),
            Seam = one.Mean(order, p => p.Seam),
            Accuracy = one.Mean(order, Recognised),
            Diversity = one.Diversity(order),
            Nearer = one.Nearer(order),
        };
    }

    /// <summary>Means over classes; a class without pairs has no diversity and is left out of it.</summary>
    public static QualityFigures Mean(IReadOnlyList<QualityFigures> each) => new()
    {
        SlicedToTraining = [.. Enumerable.Range(0, LaplacianPatches.LevelCount)
            .Select(level => each.Average(f => f.SlicedToTraining[level]))],
        SlicedToHeldOut = each.Average(f => f.SlicedToHeldOut),
        StatisticsToTraining = each.Average(f => f.StatisticsToTraining),
        StatisticsToHeldOut = each.Average(f => f.StatisticsToHeldOut),
        Spectrum = each.Average(f => f.Spectrum),
        FineDetail = each.Average(f => f.FineDetail),
        Seam = each.Average(f => f.Seam),
        Accuracy = each.Average(f => f.Accuracy),
        Diversity = each.Select(f => f.Diversity).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average(),
        Nearer = each.Average(f => f.Nearer),
    };
}
