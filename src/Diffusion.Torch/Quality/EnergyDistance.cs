namespace Diffusion.Torch.Quality;

/// <summary>The energy distance between two sets of points: 0 exactly where they are of one distribution.</summary>
/// <remarks>
/// 2·E|X - Y| - E|X - X'| - E|Y - Y'|, each mean over pairs of different points, so that its expectation does not
/// depend on how many there are; for two samples of one distribution it is as often below 0 as above. Given as a share
/// of 2·E|X - Y|, which is 1 for two sets of one point each. Pure; any thread. [Szekely13]
/// </remarks>
public static class EnergyDistance
{
    /// <summary>The mean distance between points of two sets.</summary>
    /// <param name="left">Points of equal length.</param>
    /// <param name="right">More of them.</param>
    public static double MeanBetween(IReadOnlyList<float[]> left, IReadOnlyList<float[]> right) =>
        left.Average(one => right.Average(other => Distance(one, other)));

    /// <summary>The mean distance between different points of a set.</summary>
    /// <returns>NaN for a single point.</returns>
    public static double MeanWithin(IReadOnlyList<float[]> points)
    {
        ArgumentNullException.ThrowIfNull(points);
        double sum = 0;
        for (int i = 0; i < points.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                sum += Distance(points[i], points[j]);
            }
        }

        return sum / (points.Count * (points.Count - 1) / 2.0);
    }

    /// <summary>The share from the three means.</summary>
    /// <param name="between">E|X - Y|.</param>
    /// <param name="withinLeft">E|X - X'|.</param>
    /// <param name="withinRight">E|Y - Y'|.</param>
    public static double Share(double between, double withinLeft, double withinRight) =>
        between == 0 ? 0 : ((2 * between) - withinLeft - withinRight) / (2 * between);

    /// <summary>The Euclidean distance.</summary>
    public static double Distance(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        double sum = 0;
        for (int i = 0; i < left.Length; i++)
        {
            double difference = left[i] - (double)right[i];
            sum += difference * difference;
        }

        return Math.Sqrt(sum);
    }
}
