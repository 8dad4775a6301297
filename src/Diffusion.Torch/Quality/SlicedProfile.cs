using System.Numerics;
using System.Runtime.InteropServices;
using Diffusion.Torch.Training;

namespace Diffusion.Torch.Quality;

/// <summary>
/// Sets of points as vectors, such that the mean absolute difference of two vectors is the sliced Wasserstein distance
/// of their sets.
/// </summary>
/// <remarks>
/// <para>
/// On a line, W_1 is the area between the distribution functions. A set's profile holds, for each of a fixed number of
/// random directions, the integral of its distribution function over each bin of a grid. A union's profile is the mean
/// of its parts', so one pass over the points serves every set and bootstrap replicate that they are ever part of.
/// Sorting all points anew, the usual way, would take hours here.
/// </para>
/// <para>
/// Exact but for bins in which two distribution functions cross, each of which may hide a part of its width; points
/// beyond the grid count as on its end. Immutable; any thread. [Rabin11]
/// </para>
/// </remarks>
public sealed class SlicedProfile
{
    private readonly int _dimension;
    private readonly int _directions;
    private readonly int _bins;
    private readonly double _range;
    private readonly float[] _axes;

    /// <summary>Draws the directions.</summary>
    /// <param name="dimension">Coordinates of a point.</param>
    /// <param name="directions">Directions, uniform on the sphere.</param>
    /// <param name="bins">Bins of the grid.</param>
    /// <param name="range">The grid is [-range, range].</param>
    /// <param name="seed">Of the directions.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not positive.</exception>
    public SlicedProfile(int dimension, int directions, int bins, double range, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimension);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(directions);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bins);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(range);
        (_dimension, _directions, _bins, _range) = (dimension, directions, bins, range);
        _axes = Directions(dimension, directions, seed);
    }

    /// <summary>Length of a profile.</summary>
    public int Length => _directions * _bins;

    /// <summary>The unit vectors, [directions, dimension].</summary>
    public ReadOnlySpan<float> Axes => _axes;

    /// <summary>
    /// The distance of two sets by their profiles, in the points' unit: the mean over directions of W_1.
    /// </summary>
    /// <param name="left">A profile of <see cref="Length"/>.</param>
    /// <param name="right">Another of the same object.</param>
    public double Distance(ReadOnlySpan<float> left, ReadOnlySpan<float> right) =>
        AbsoluteDifference(left, right) / _directions;

    /// <summary>A set's profile.</summary>
    /// <param name="points">[N, dimension], N at least 1.</param>
    /// <param name="profile">Of <see cref="Length"/>; overwritten.</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    public void Describe(ReadOnlySpan<float> points, Span<float> profile)
    {
        if (points.IsEmpty || points.Length % _dimension != 0 || profile.Length != Length)
        {
            throw new ArgumentException(
                $"{points.Length} values are no points of {_dimension}, or {profile.Length} is not {Length}.");
        }

        int count = points.Length / _dimension;
        profile.Clear();
        for (int axis = 0; axis < _directions; axis++)
        {
            var along = _axes.AsSpan(axis * _dimension, _dimension);
            var bins = profile.Slice(axis * _bins, _bins);
            for (int i = 0; i < count; i++)
            {
                Add(Dot(points.Slice(i * _dimension, _dimension), along), bins);
            }

            Integrate(bins, count);
        }
    }

    /// <summary>The sum of absolute differences.</summary>
    internal static double AbsoluteDifference(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        ReadOnlySpan<Vector<float>> wideLeft = MemoryMarshal.Cast<float, Vector<float>>(left);
        ReadOnlySpan<Vector<float>> wideRight = MemoryMarshal.Cast<float, Vector<float>>(right);
        Vector<float> wide = Vector<float>.Zero;
        for (int i = 0; i < wideLeft.Length; i++)
        {
            wide += Vector.Abs(wideLeft[i] - wideRight[i]);
        }

        double sum = Vector.Sum(wide);
        for (int i = wideLeft.Length * Vector<float>.Count; i < left.Length; i++)
        {
            sum += Math.Abs(left[i] - right[i]);
        }

        return sum;
    }

    // While points are added a bin holds the growth of the integral from the bin before to itself: a point at share s
    // of its bin fills 1 - s of that bin and all of those above.
    private void Add(double value, Span<float> bins)
    {
        double place = Math.Clamp((value + _range) / (2 * _range), 0, 1) * _bins;
        int bin = Math.Min((int)place, _bins - 1);
        float filled = (float)(1 - (place - bin));
        bins[bin] += filled;
        if (bin + 1 < _bins)
        {
            bins[bin + 1] += 1 - filled;
        }
    }

    private void Integrate(Span<float> bins, int count)
    {
        double width = 2 * _range / _bins;
        double sum = 0;
        for (int b = 0; b < bins.Length; b++)
        {
            sum += bins[b];
            bins[b] = (float)(sum * width / count);
        }
    }

    private static float Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        ReadOnlySpan<Vector<float>> wideLeft = MemoryMarshal.Cast<float, Vector<float>>(left);
        ReadOnlySpan<Vector<float>> wideRight = MemoryMarshal.Cast<float, Vector<float>>(right);
        Vector<float> wide = Vector<float>.Zero;
        for (int i = 0; i < wideLeft.Length; i++)
        {
            wide += wideLeft[i] * wideRight[i];
        }

        float sum = Vector.Sum(wide);
        for (int i = wideLeft.Length * Vector<float>.Count; i < left.Length; i++)
        {
            sum += left[i] * right[i];
        }

        return sum;
    }

    // Normal vectors scaled to length 1 are uniform on the sphere; the normals are [BoxMuller58].
    private static float[] Directions(int dimension, int directions, ulong seed)
    {
        var random = new CounterRandom(seed, dimension, purpose: 0);
        var axes = new float[directions * dimension];
        for (int axis = 0; axis < directions; axis++)
        {
            var along = axes.AsSpan(axis * dimension, dimension);
            double square = 0;
            for (int i = 0; i < dimension; i++)
            {
                double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
                along[i] = (float)(radius * Math.Cos(Math.Tau * random.NextDouble()));
                square += along[i] * (double)along[i];
            }

            float scale = (float)(1 / Math.Sqrt(square));
            for (int i = 0; i < dimension; i++)
            {
                along[i] *= scale;
            }
        }

        return axes;
    }
}
