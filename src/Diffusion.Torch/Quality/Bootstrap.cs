using Diffusion.Torch.Training;

namespace Diffusion.Torch.Quality;

/// <summary>Intervals by resampling pictures.</summary>
/// <remarks>
/// Replicates are numbered and a replicate draws the same places from every set of the same sizes. Rows that were made
/// from the same seeds are so compared picture by picture, and the interval of their ratio is far narrower than of
/// either. Pure; any thread. [Efron93, Ch. 13]
/// </remarks>
public static class Bootstrap
{
    private const double Tail = 0.025;

    /// <summary>As many places as a set has, drawn with replacement.</summary>
    /// <param name="count">Pictures in the set.</param>
    /// <param name="seed">Of all replicates.</param>
    /// <param name="replicate">Which replicate.</param>
    /// <param name="stratum">Which part of the set, for parts that are drawn apart.</param>
    public static int[] Draw(int count, ulong seed, int replicate, int stratum)
    {
        var random = new CounterRandom(seed, replicate, (uint)stratum);
        var places = new int[count];
        for (int i = 0; i < count; i++)
        {
            places[i] = random.NextInt(count);
        }

        return places;
    }

    /// <summary>The figure with the 95 % interval that its replicates give.</summary>
    /// <remarks>
    /// The replicates' quantiles, moved by what the replicates' mean lies off the figure: drawing twice the same
    /// picture makes a set poorer, which shifts distances up and says nothing about where the truth lies.
    /// </remarks>
    /// <param name="value">The figure from the whole set.</param>
    /// <param name="replicates">The figure from each resampled set; those that are no number are left out.</param>
    public static Estimate Interval(double value, IReadOnlyList<double> replicates)
    {
        ArgumentNullException.ThrowIfNull(replicates);
        double[] sorted = [.. replicates.Where(double.IsFinite).Order()];
        if (sorted.Length == 0)
        {
            return new Estimate(value, double.NaN, double.NaN);
        }

        double shift = value - sorted.Average();
        return new Estimate(value, Quantile(sorted, Tail) + shift, Quantile(sorted, 1 - Tail) + shift);
    }

    /// <summary>The mean with its interval.</summary>
    /// <param name="values">A figure a picture.</param>
    /// <param name="replicates">How often to resample.</param>
    /// <param name="seed">Of the replicates.</param>
    public static Estimate Mean(IReadOnlyList<double> values, int replicates, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(values);
        return Interval(
            values.Average(),
            [.. Enumerable.Range(0, replicates).Select(r => Draw(values.Count, seed, r, 0).Average(i => values[i]))]);
    }

    /// <summary>A quantile of sorted values, interpolated between neighbours.</summary>
    /// <param name="sorted">Ascending.</param>
    /// <param name="share">In [0, 1].</param>
    public static double Quantile(IReadOnlyList<double> sorted, double share)
    {
        ArgumentNullException.ThrowIfNull(sorted);
        double place = share * (sorted.Count - 1);
        int below = (int)place;
        int above = Math.Min(below + 1, sorted.Count - 1);
        return sorted[below] + ((place - below) * (sorted[above] - sorted[below]));
    }
}
