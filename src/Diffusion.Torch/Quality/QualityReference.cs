namespace Diffusion.Torch.Quality;

/// <summary>
/// Pictures that others are compared with, by class: means of what is linear, and the points of what is not.
/// </summary>
internal sealed class QualityReference
{
    private readonly DescribedPicture[][] _pictures;

    /// <summary>Sums a set up.</summary>
    public QualityReference(DescribedPicture[][] pictures)
    {
        _pictures = pictures;
        Profiles = [.. pictures.Select(p => Mean(p, one => one.Profile))];
        Spectra = [.. pictures.Select(p => Mean(p, one => one.Spectrum))];
        Within = [.. pictures.Select(p => EnergyDistance.MeanWithin([.. p.Select(one => one.Statistics)]))];
    }

    /// <summary>Mean profile of a label; empty for a label without pictures.</summary>
    public float[][] Profiles { get; }

    /// <summary>Mean spectrum of a label; empty for a label without pictures.</summary>
    public float[][] Spectra { get; }

    /// <summary>Mean distance of statistics within a label; NaN below two pictures.</summary>
    public double[] Within { get; }

    /// <summary>Pictures of a label.</summary>
    public int Count(int label) => _pictures[label].Length;

    /// <summary>Pictures of a label.</summary>
    public IReadOnlyList<DescribedPicture> Of(int label) => _pictures[label];

    /// <summary>The mean over pictures.</summary>
    public static float[] Mean(IReadOnlyList<DescribedPicture> pictures, Func<DescribedPicture, float[]> part)
    {
        if (pictures.Count == 0)
        {
            return [];
        }

        var sum = new float[part(pictures[0]).Length];
        foreach (DescribedPicture picture in pictures)
        {
            float[] values = part(picture);
            for (int i = 0; i < sum.Length; i++)
            {
                sum[i] += values[i];
            }
        }

        for (int i = 0; i < sum.Length; i++)
        {
            sum[i] /= pictures.Count;
        }

        return sum;
    }
}
