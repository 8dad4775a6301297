using Diffusion.Torch.Training;

namespace Diffusion.Torch.Quality;

/// <summary>Scores sets of textures against the pictures that a generator was trained on and those held out.</summary>
/// <remarks>
/// Classes of which nothing is held out are left out of every figure, so that held-out and generated pictures are
/// measured by the same classes. Owns what it makes; the classifier is borrowed. One thread; uses all cores.
/// </remarks>
public sealed class QualityScorer : IDisposable
{
    private static readonly double[] _quantiles = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1];

    private readonly NearestPictures _nearest;
    private readonly PictureDescriber _describer;
    private readonly QualityReference _trainingReference;
    private readonly QualityReference _heldOutReference;
    private readonly DescribedPicture[][] _heldOut;
    private readonly int[] _labels;
    private readonly int _replicates;
    private readonly ulong _seed;

    /// <summary>Measures the pictures of a data set.</summary>
    /// <param name="data">Colour textures, at least 32 pixels wide.</param>
    /// <param name="classifier">Trained on the same; borrowed.</param>
    /// <param name="replicates">Of the bootstrap.</param>
    /// <param name="seed">Of everything random.</param>
    /// <exception cref="ArgumentException">Nothing is held out, or the pictures are grey or too small.</exception>
    public QualityScorer(TrainingData data, TextureClassifier classifier, int replicates, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(classifier);
        ArgumentOutOfRangeException.ThrowIfLessThan(replicates, 2);
        if (data.Channels != 3 || data.Canvas < TextureStatistics.MinEdge || data.HeldOutCount == 0)
        {
            throw new ArgumentException(
                $"Quality needs colour pictures of at least {TextureStatistics.MinEdge} pixels, some of them held out; "
                + $"these have {data.Channels} channels, {data.Canvas} pixels, {data.HeldOutCount} held out.",
                nameof(data));
        }

        (_replicates, _seed) = (replicates, seed);
        Training = All(data, isHeldOut: false);
        HeldOut = All(data, isHeldOut: true);
        _nearest = new NearestPictures([.. Training.ByLabel.SelectMany(p => p)], data.Canvas);
        try
        {
            _describer = new PictureDescriber(Training, _nearest, classifier, seed);
            _heldOut = _describer.Describe(HeldOut, findsNearest: true);
            _trainingReference = new QualityReference(_describer.Describe(Training, findsNearest: false));
            _heldOutReference = new QualityReference(_heldOut);
        }
        catch
        {
            _nearest.Dispose();
            throw;
        }

        _labels = [.. Enumerable.Range(0, data.ClassNames.Count).Where(label => _heldOut[label].Length > 0)];
        Classes = [.. _labels.Select(label => data.ClassNames[label])];
    }

    /// <summary>The pictures that the generator was trained on, by the data's labels.</summary>
    public LabelledPictures Training { get; }

    /// <summary>The pictures that were held out, by the data's labels.</summary>
    public LabelledPictures HeldOut { get; }

    /// <summary>Names of the classes that figures are means over.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>Scores the held-out pictures: as well as a generator could do.</summary>
    public QualityScore ScoreHeldOut() => Score(_heldOut) with { SlicedToHeldOut = null, StatisticsToHeldOut = null };

    /// <summary>
    /// Scores training pictures, of which the nearest and the distances to training pictures say nothing.
    /// </summary>
    /// <param name="count">Pictures of each class at most.</param>
    public QualityScore ScoreTraining(int count) =>
        Score(_describer.Describe(Training.Take(count), findsNearest: false)) with
        {
            SlicedToTraining = null,
            SlicedByLevel = [],
            SlicedByClass = [],
            StatisticsToTraining = null,
            Spectrum = null,
        };

    /// <summary>Scores other pictures.</summary>
    /// <param name="pictures">By the data's labels; of each of <see cref="Classes"/> at least one.</param>
    /// <param name="findsNearest">Whether to look for the nearest training pictures, which costs most.</param>
    /// <exception cref="ArgumentException">A class has no pictures.</exception>
    public QualityScore Score(LabelledPictures pictures, bool findsNearest = true)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        return _labels.All(label => pictures.ByLabel[label].Count > 0)
            ? Score(_describer.Describe(pictures, findsNearest))
            : throw new ArgumentException("Every class that has held-out pictures needs some.", nameof(pictures));
    }

    /// <inheritdoc/>
    public void Dispose() => _nearest.Dispose();

    private QualityScore Score(DescribedPicture[][] pictures)
    {
        ClassScore[] classes = [.. _labels.Select(label =>
            new ClassScore(_describer, pictures[label], label, _trainingReference, _heldOutReference))];
        QualityFigures whole = Over(classes, one => one.Orders(_seed));
        QualityFigures[] replicates = [.. Enumerable.Range(0, _replicates).AsParallel().AsOrdered().Select(
            r => Over(classes, one => [Bootstrap.Draw(one.Count, _seed, r, Array.IndexOf(classes, one))]))];
        DescribedPicture[] all = [.. _labels.SelectMany(label => pictures[label])];
        bool hasNearest = all.All(p => !double.IsNaN(p.Nearest));
        double[] nearest = [.. all.Select(p => p.Nearest).Order()];
        return new QualityScore
        {
            Count = all.Length,
            SlicedToTraining = Interval(f => f.SlicedToTraining.Average()),
            SlicedToHeldOut = Interval(f => f.SlicedToHeldOut),
            SlicedByLevel = whole.SlicedToTraining,
            SlicedByClass =
                [.. classes.Select(one => QualityFigures.Of(one, one.Orders(_seed)).SlicedToTraining.Average())],
            StatisticsToTraining = Interval(f => f.StatisticsToTraining),
            StatisticsToHeldOut = Interval(f => f.StatisticsToHeldOut),
            Spectrum = Interval(f => f.Spectrum),
            FineDetail = Interval(f => f.FineDetail),
            Seam = Interval(f => f.Seam),
            WrappingShare = classes.Average(one => one.Mean([.. Enumerable.Range(0, one.Count)], Wraps)),
            Accuracy = Interval(f => f.Accuracy),
            AccuracyByClass =
                [.. classes.Select(one => QualityFigures.Of(one, one.Orders(_seed)).Accuracy)],
            Diversity = Interval(f => f.Diversity),
            Nearer = hasNearest ? Interval(f => f.Nearer) : null,
            NearestQuantiles = hasNearest ? [.. _quantiles.Select(q => Bootstrap.Quantile(nearest, q))] : [],
            SlicedReplicates = [.. replicates.Select(f => f.SlicedToTraining.Average())],
        };

        Estimate Interval(Func<QualityFigures, double> figure) =>
            Bootstrap.Interval(figure(whole), [.. replicates.Select(figure)]);
    }

    private static QualityFigures Over(
        IReadOnlyList<ClassScore> classes, Func<ClassScore, IReadOnlyList<int[]>> orders) =>
        QualityFigures.Mean([.. classes.Select(one => QualityFigures.Of(one, orders(one)))]);

    private static double Wraps(DescribedPicture picture) => picture.Seam <= SeamError.Tolerance ? 1 : 0;

    private static LabelledPictures All(TrainingData data, bool isHeldOut)
    {
        int[] indices = [.. Enumerable.Range(0, isHeldOut ? data.HeldOutCount : data.TrainingCount)];
        (float[] pixels, long[] labels) = isHeldOut ? data.HeldOutPictures(indices) : data.TrainingPictures(indices);
        return LabelledPictures.Of(pixels, labels, data.ClassNames.Count, data.Canvas);
    }
}
