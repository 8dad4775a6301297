using Diffusion.Torch.Training;

namespace Diffusion.Torch.Quality;

/// <summary>
/// The pictures of one class of a set against those of a reference: every figure of any resampling of them.
/// </summary>
/// <remarks>
/// Distances of means shrink as there are more pictures. They are therefore taken from groups of as many pictures as
/// the class has held-out ones, whatever the set has, and averaged over groups: only so does a set of many compare with
/// the few held out.
/// </remarks>
internal sealed class ClassScore
{
    private const int Shuffles = 8;

    private readonly PictureDescriber _describer;
    private readonly DescribedPicture[] _pictures;
    private readonly int _label;
    private readonly int _group;
    private readonly QualityReference _training;
    private readonly QualityReference _heldOut;
    private readonly double[,] _distances;
    private readonly double[] _toTraining;
    private readonly double[] _toHeldOut;

    public ClassScore(
        PictureDescriber describer,
        DescribedPicture[] pictures,
        int label,
        QualityReference training,
        QualityReference heldOut)
    {
        (_describer, _pictures, _label, _training, _heldOut) = (describer, pictures, label, training, heldOut);
        _group = Math.Min(pictures.Length, heldOut.Count(label));
        _distances = new double[pictures.Length, pictures.Length];
        for (int i = 0; i < pictures.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                _distances[i, j] = _distances[j, i] =
                    EnergyDistance.Distance(pictures[i].Statistics, pictures[j].Statistics);
            }
        }

        _toTraining = [.. pictures.Select(p => MeanTo(p, training))];
        _toHeldOut = [.. pictures.Select(p => MeanTo(p, heldOut))];
    }

    public int Count => _pictures.Length;

    /// <summary>Orders of all pictures, each of which gives other groups.</summary>
    public int[][] Orders(ulong seed) =>
        [.. Enumerable.Range(0, _group == Count ? 1 : Shuffles).Select(shuffle => Shuffle(seed, shuffle))];

    /// <summary>Sliced distances to training and held-out pictures, a value for each level.</summary>
    public (double[] ToTraining, double[] ToHeldOut) Sliced(int[] order)
    {
        var toTraining = new double[LaplacianPatches.LevelCount];
        var toHeldOut = new double[LaplacianPatches.LevelCount];
        int groups = Groups(order, pictures =>
        {
            float[] mean = QualityReference.Mean(pictures, p => p.Profile);
            for (int level = 0; level < LaplacianPatches.LevelCount; level++)
            {
                toTraining[level] += _describer.SlicedDistance(mean, _training.Profiles[_label], level);
                toHeldOut[level] += _describer.SlicedDistance(mean, _heldOut.Profiles[_label], level);
            }
        });
        return ([.. toTraining.Select(d => d / groups)], [.. toHeldOut.Select(d => d / groups)]);
    }

    /// <summary>Mean absolute difference of the spectra in dB.</summary>
    public double Spectrum(int[] order)
    {
        double sum = 0;
        float[] reference = _training.Spectra[_label];
        int groups = Groups(order, pictures =>
            sum += SlicedProfile.AbsoluteDifference(
                QualityReference.Mean(pictures, p => p.Spectrum), reference) / reference.Length);
        return sum / groups;
    }

    /// <summary>The signed difference of the finer half of the spectra in dB.</summary>
    public double FineDetail(int[] order)
    {
        float[] reference = _training.Spectra[_label];
        int half = reference.Length / 2;
        double fine = reference.Skip(half).Average();
        return Mean(order, p => p.Spectrum.Skip(half).Average()) - fine;
    }

    /// <summary>Energy distances of the statistics to training and held-out pictures.</summary>
    /// <remarks>Of a single picture the spread is not known, and taken to be that of the training pictures.</remarks>
    public (double ToTraining, double ToHeldOut) Statistics(int[] order)
    {
        double training = _training.Within[_label];
        double heldOut = double.IsNaN(_heldOut.Within[_label]) ? training : _heldOut.Within[_label];
        double own = Within(order);
        own = double.IsNaN(own) ? training : own;
        return (
            EnergyDistance.Share(order.Average(i => _toTraining[i]), own, training),
            EnergyDistance.Share(order.Average(i => _toHeldOut[i]), own, heldOut));
    }

    /// <summary>The mean distance between different pictures as a multiple of the training pictures'.</summary>
    public double Diversity(int[] order) => Within(order) / _training.Within[_label];

    /// <summary>The chance that a picture is nearer to a training picture than a held-out one is.</summary>
    public double Nearer(int[] order) => order.Average(i => _heldOut.Of(_label).Average(
        other => _pictures[i].Nearest < other.Nearest ? 1 : _pictures[i].Nearest == other.Nearest ? 0.5 : 0));

    /// <summary>The mean of a figure of pictures.</summary>
    public double Mean(int[] order, Func<DescribedPicture, double> value) => order.Average(i => value(_pictures[i]));

    private int[] Shuffle(ulong seed, int shuffle)
    {
        int[] order = [.. Enumerable.Range(0, Count)];
        var random = new CounterRandom(seed, shuffle, purpose: 1000 + (uint)_label);
        for (int i = 0; i < order.Length; i++)
        {
            int other = i + random.NextInt(order.Length - i);
            (order[i], order[other]) = (order[other], order[i]);
        }

        return order;
    }

    // Pairs of one picture drawn twice are no pairs.
    private double Within(int[] order)
    {
        (double sum, int pairs) = (0, 0);
        foreach (int i in order)
        {
            foreach (int j in order)
            {
                (sum, pairs) = i == j ? (sum, pairs) : (sum + _distances[i, j], pairs + 1);
            }
        }

        return sum / pairs;
    }

    private int Groups(int[] order, Action<DescribedPicture[]> visit)
    {
        int groups = order.Length / _group;
        foreach (int[] group in order.Chunk(_group).Take(groups))
        {
            visit(Array.ConvertAll(group, i => _pictures[i]));
        }

        return groups;
    }

    private double MeanTo(DescribedPicture picture, QualityReference reference) =>
        reference.Of(_label).Average(other => EnergyDistance.Distance(picture.Statistics, other.Statistics));
}
