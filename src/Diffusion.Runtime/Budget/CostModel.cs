using Diffusion.Runtime.Backends;

namespace Diffusion.Runtime.Budget;

/// <summary>The runtime's model of time: what each slice will cost on this device, learned while it runs.</summary>
/// <remarks>
/// A slice that has run is predicted by the upper quantile of its last 32 costs. One that has not is guessed from its
/// FLOPs and bytes, scaled by how far such guesses have been off so far. One model a device; one thread.
/// </remarks>
public sealed class CostModel
{
    // Guesses for one slow core. They only matter until the first slice has run, and err on the careful side.
    private const double DefaultFlopsPerSecond = 20e9;
    private const double DefaultBytesPerSecond = 4e9;

    // What a slice costs besides its arithmetic: calls, dispatch.
    private const double OverheadInSeconds = 20e-6;

    // Slices differ in how far off their guesses are, and first runs are slow; the median is moved by neither.
    private const double TypicalQuantile = 0.5;

    private readonly Dictionary<SessionOptions, SliceCosts> _shapes = [];
    private readonly double _quantile;
    private readonly QuantileWindow _correction;

    /// <summary>Makes a model that knows nothing yet.</summary>
    /// <param name="quantile">Which quantile of recent costs is promised, above 0 and at most 1; higher overruns less
    /// and idles more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The quantile is not in (0, 1].</exception>
    public CostModel(double quantile = 0.9)
    {
        if (!(quantile is > 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(quantile), quantile, "The quantile must be above 0 and at most 1.");
        }

        _quantile = quantile;
        _correction = new QuantileWindow(TypicalQuantile);
    }

    /// <summary>The costs of a shape's slices; the only call that allocates, at the first sight of a shape.</summary>
    /// <param name="shape">The session's shape.</param>
    /// <param name="slices">Its slices in order; the same for every session of the shape.</param>
    public SliceCosts ForShape(SessionOptions shape, IReadOnlyList<SliceInfo> slices)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(slices);
        if (!_shapes.TryGetValue(shape, out SliceCosts? costs))
        {
            costs = new SliceCosts(this, slices, _quantile);
            _shapes.Add(shape, costs);
        }

        return costs;
    }

    internal static double GuessInSeconds(SliceInfo slice) =>
        OverheadInSeconds + (slice.Flops / DefaultFlopsPerSecond) + (slice.Bytes / DefaultBytesPerSecond);

    internal double Correction => _correction.IsEmpty ? 1 : _correction.Value;

    internal void Correct(double measuredOverGuess) => _correction.Add(measuredOverGuess);
}
