namespace Diffusion.Torch.Quality;

/// <summary>How much the edges of a picture differ where it is laid beside itself.</summary>
/// <remarks>
/// The step over the edge, the sum of absolute differences between the last line and the first, against the 95th
/// percentile of the same sum between neighbouring lines inside, so that a texture of hard lines may have one at its
/// edge too. The training set is divided into pictures that wrap and such that do not by the same rule. Pure; any
/// thread.
/// </remarks>
public static class SeamError
{
    /// <summary>A picture whose ratio is at most this, both ways, counts as wrapping.</summary>
    public const double Tolerance = 1.5;

    private const double Percentile = 0.95;

    /// <summary>
    /// The step over the edge as a multiple of the inner lines' 95th percentile, the larger of both directions.
    /// </summary>
    /// <param name="planar">[C, H, W], any range.</param>
    /// <param name="height">Lines, at least 2.</param>
    /// <param name="width">Columns, at least 2.</param>
    /// <returns>0 for a flat picture; infinite for one that is flat inside and steps at its edge.</returns>
    /// <exception cref="ArgumentException">The length is no multiple of the size.</exception>
    public static double Ratio(ReadOnlySpan<float> planar, int height, int width) =>
        Math.Max(
            Divide(Measure(planar, height, width, isVertical: false)),
            Divide(Measure(planar, height, width, isVertical: true)));

    /// <summary>Whether opposite edges meet without a seam, both ways.</summary>
    /// <inheritdoc cref="Ratio" path="/param"/>
    /// <inheritdoc cref="Ratio" path="/exception"/>
    public static bool Wraps(ReadOnlySpan<float> planar, int height, int width) =>
        IsSmooth(Measure(planar, height, width, isVertical: false))
        && IsSmooth(Measure(planar, height, width, isVertical: true));

    private static bool IsSmooth((double Edge, double Inner) lines) => lines.Edge <= Tolerance * lines.Inner;

    private static double Divide((double Edge, double Inner) lines) => lines.Edge == 0 ? 0 : lines.Edge / lines.Inner;

    private static (double Edge, double Inner) Measure(
        ReadOnlySpan<float> planar, int height, int width, bool isVertical)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 2);
        if (planar.Length % (height * width) != 0)
        {
            throw new ArgumentException($"{planar.Length} values are no planes of {width}x{height}.", nameof(planar));
        }

        int lines = isVertical ? height : width;
        var inner = new double[lines - 1];
        for (int i = 0; i < inner.Length; i++)
        {
            inner[i] = Difference(planar, height, width, i, i + 1, isVertical);
        }

        Array.Sort(inner);
        double edge = Difference(planar, height, width, lines - 1, 0, isVertical);
        return (edge, inner[(int)(Percentile * (inner.Length - 1))]);
    }

    private static double Difference(
        ReadOnlySpan<float> planar, int height, int width, int first, int second, bool isVertical)
    {
        (int across, int along, int length) = isVertical ? (width, 1, width) : (1, width, height);
        double sum = 0;
        for (int plane = 0; plane < planar.Length; plane += height * width)
        {
            for (int i = 0; i < length; i++)
            {
                sum += Math.Abs(
                    planar[plane + (first * across) + (i * along)] - planar[plane + (second * across) + (i * along)]);
            }
        }

        return sum;
    }
}
