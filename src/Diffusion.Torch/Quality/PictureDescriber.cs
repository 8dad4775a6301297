namespace Diffusion.Torch.Quality;

/// <summary>Measures pictures one by one: all that a set's score is made of, and no pixels.</summary>
/// <remarks>Statistics and patches are in units of the spread that the training pictures have. One thread.</remarks>
internal sealed class PictureDescriber
{
    private const int Directions = 64;
    private const int Bins = 64;

    // In training spreads: projections of textures reach to about 4.
    private const double Range = 6;

    private readonly int _edge;
    private readonly LaplacianPatches _patches;
    private readonly SlicedProfile _sliced;
    private readonly float[] _levelScales;
    private readonly float[] _scales;
    private readonly NearestPictures _nearest;
    private readonly TextureClassifier _classifier;

    /// <summary>Measures the spreads.</summary>
    /// <param name="training">What the generator was trained on.</param>
    /// <param name="nearest">Search among the same; borrowed.</param>
    /// <param name="classifier">Trained on the same; borrowed.</param>
    /// <param name="seed">Of places and directions.</param>
    public PictureDescriber(
        LabelledPictures training, NearestPictures nearest, TextureClassifier classifier, ulong seed)
    {
        _edge = training.Edge;
        _patches = new LaplacianPatches(_edge, seed);
        _sliced = new SlicedProfile(LaplacianPatches.Dimension, Directions, Bins, Range, seed);
        (_nearest, _classifier) = (nearest, classifier);
        float[][] pictures = [.. training.ByLabel.SelectMany(p => p)];
        _levelScales = LevelScales(pictures);
        _scales = Spreads([.. pictures.AsParallel().AsOrdered().Select(p => TextureStatistics.Of(p, _edge))]);
    }

    /// <summary>Length of the part of a profile that is of one level.</summary>
    public int LevelLength => _sliced.Length;

    /// <summary>The distance of two profiles at one level, finest first.</summary>
    public double SlicedDistance(ReadOnlySpan<float> left, ReadOnlySpan<float> right, int level) => _sliced.Distance(
        left.Slice(level * LevelLength, LevelLength), right.Slice(level * LevelLength, LevelLength));

    /// <summary>Measures every picture of a set.</summary>
    /// <param name="set">The pictures.</param>
    /// <param name="findsNearest">Whether to look for the nearest training picture, which costs most.</param>
    public DescribedPicture[][] Describe(LabelledPictures set, bool findsNearest) =>
        [.. set.ByLabel.Select((pictures, label) => Describe(pictures, label, findsNearest))];

    private DescribedPicture[] Describe(IReadOnlyList<float[]> pictures, int label, bool findsNearest)
    {
        IReadOnlyList<int> predicted = _classifier.Predict(pictures);
        double[] distances = [.. pictures.Select(p => findsNearest ? _nearest.Distance(p) : double.NaN)];
        return
        [
            .. Enumerable.Range(0, pictures.Count).AsParallel().AsOrdered().Select(i => new DescribedPicture
            {
                Profile = Profile(pictures[i]),
                Spectrum = RadialSpectrum.Of(pictures[i], _edge),
                Statistics =
                    [.. TextureStatistics.Of(pictures[i], _edge).Zip(_scales, (value, scale) => value * scale)],
                Seam = SeamError.Ratio(pictures[i], _edge, _edge),
                IsRecognised = predicted[i] == label,
                Nearest = distances[i],
            }),
        ];
    }

    private float[] Profile(float[] picture)
    {
        var profile = new float[LaplacianPatches.LevelCount * LevelLength];
        float[][] levels = _patches.Extract(picture);
        for (int level = 0; level < levels.Length; level++)
        {
            float scale = _levelScales[level];
            foreach (ref float value in levels[level].AsSpan())
            {
                value *= scale;
            }

            _sliced.Describe(levels[level], profile.AsSpan(level * LevelLength, LevelLength));
        }

        return profile;
    }

    // The coarsest level has the picture's mean in it, so that mean squares are about zero, which is grey.
    private float[] LevelScales(float[][] pictures)
    {
        double[][] squares = [.. pictures.AsParallel().Select(
            picture => _patches.Extract(picture).Select(level => level.Average(v => v * (double)v)).ToArray())];
        return [.. Enumerable.Range(0, LaplacianPatches.LevelCount)
            .Select(level => (float)(1 / Math.Sqrt(squares.Average(s => s[level]) + 1e-12)))];
    }

    private static float[] Spreads(float[][] statistics) =>
    [
        .. Enumerable.Range(0, TextureStatistics.Count).Select(k =>
        {
            double mean = statistics.Average(s => s[k]);
            double variance = statistics.Average(s => (s[k] - mean) * (s[k] - mean));
            return (float)(1 / Math.Sqrt(variance + 1e-12));
        }),
    ];
}
