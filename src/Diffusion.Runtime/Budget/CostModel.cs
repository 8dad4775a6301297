using Diffusion.Runtime.Backends;

namespace Diffusion.Runtime.Budget;

/// <summary>The runtime's model of time: what each slice will cost on this device, learned while it runs.</summary>
/// <remarks>
/// <para>cost = (typical cost of the slice · time factor of the machine + opening, for a tick's first slice) · spread.
/// The typical cost is the median of the slice's last 32 costs, brought to one lasting speed. The factor is the median,
/// over the last nine slices of the shape, of how far they were from typical: a machine that changes its speed is
/// followed within one frame, for all slices at once. The spread is an upper quantile, over the last 256 slices, of how
/// much longer they took than those two said; which one, the ticks decide: it rises where they overrun more often than
/// they may, and falls where they keep their budget for longer [Gibbs21]. A descheduled thread or a slow first run
/// moves neither median, and hardly the quantile while it is rare; where it is not, the spread ends at 4. The opening
/// is what first slices of the last 32 ticks took beyond what they take later in a tick: what the host did since the
/// last tick has emptied the caches and lulled the core.</para>
/// <para>A slice that has not run is guessed from its FLOPs and bytes, scaled by how far such guesses have been off so
/// far; a span that has not run, from its slices. One model a device; one thread; recording and predicting allocate
/// nothing.</para>
/// </remarks>
public sealed class CostModel
{
    internal const double DefaultQuantile = 0.95;
    internal const double DefaultOverrunShare = 0.0075;

    private const double Median = 0.5;

    // How far a tick moves the quantile, and where it stays: of 256 values four are above it, so that strays are not
    // taken for costs, however many ticks they spoil.
    private const double QuantileRate = 0.004;
    private const double LeastQuantile = 0.8;
    private const double MostQuantile = 0.985;
    private const int SpreadMemory = 256;

    // A slice that takes longer than this was not slow: the machine gave its core to others. Where that happens often,
    // no promise can be kept, and one that allowed for it would let the whole budget go by unused.
    private const double MostSpread = 4;
    private const int GuessMemory = 32;
    private const int OpeningMemory = 32;

    private const double MostOverrunShare = 0.5;

    // Guesses for one slow core. They only matter until the first slice has run, and err on the careful side.
    private const double DefaultFlopsPerSecond = 20e9;
    private const double DefaultBytesPerSecond = 4e9;

    // What a slice costs besides its arithmetic: calls, dispatch.
    private const double OverheadInSeconds = 20e-6;

    // A table is some 30 KB. A host whose shapes come and go must not fill its memory with them.
    private const int MaxShapes = 64;

    private readonly Dictionary<SessionOptions, SliceCosts> _shapes = [];
    private readonly double _overrunShare;
    private readonly SortedWindow _guessErrors = new(GuessMemory);
    private readonly SortedWindow _spreads = new(SpreadMemory);
    private readonly SortedWindow _openings = new(OpeningMemory);
    private double _quantile;
    private long _asked;

    /// <summary>Makes a model that knows nothing yet.</summary>
    /// <param name="quantile">Which quantile of recent costs is promised at first, above 0 and at most 1.</param>
    /// <param name="overrunShare">Which share of ticks with a choice may overrun, above 0 and at most 0.5; less idles
    /// more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The quantile is not in (0, 1], or the share not in (0, 0.5].
    /// </exception>
    public CostModel(double quantile = DefaultQuantile, double overrunShare = DefaultOverrunShare)
    {
        if (!(quantile is > 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(quantile), quantile, "The quantile must be above 0 and at most 1.");
        }

        if (!(overrunShare is > 0 and <= MostOverrunShare))
        {
            throw new ArgumentOutOfRangeException(
                nameof(overrunShare),
                overrunShare,
                $"The share of ticks that overrun must be above 0 and at most {MostOverrunShare}.");
        }

        _quantile = quantile;
        _overrunShare = overrunShare;

        // As if the machine had been steady so far, so that no single value decides.
        _spreads.Fill(1);
        _openings.Fill(0);
    }

    /// <summary>What to multiply an expected cost by for one that will rarely be exceeded.</summary>
    internal double Spread => Math.Min(_spreads.Quantile(_quantile), MostSpread);

    /// <summary>What a tick's first slice takes beyond its usual cost.</summary>
    internal double OpeningInSeconds => Math.Max(0, _openings.Quantile(Median));

    /// <summary>How far guesses are off, typically; slices differ, and first runs are slow.</summary>
    internal double GuessError => _guessErrors.Count == 0 ? 1 : _guessErrors.Quantile(Median);

    /// <summary>The costs of a shape's slices; the only call that allocates, at the first sight of a shape.</summary>
    /// <remarks>The 64 shapes asked for last are remembered; one that comes back after more others is learned anew.
    /// </remarks>
    /// <param name="shape">The session's shape.</param>
    /// <param name="slices">Its slices in order; the same for every session of the shape.</param>
    /// <param name="spans">What runs several of them at once, likewise, or null for nothing.</param>
    public SliceCosts ForShape(
        SessionOptions shape, IReadOnlyList<SliceInfo> slices, IReadOnlyList<SliceSpan>? spans = null)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(slices);
        if (!_shapes.TryGetValue(shape, out SliceCosts? costs))
        {
            if (_shapes.Count == MaxShapes)
            {
                _shapes.Remove(_shapes.MinBy(known => known.Value.AskedFor).Key);
            }

            costs = new SliceCosts(this, slices, spans ?? []);
            _shapes.Add(shape, costs);
        }

        costs.AskedFor = ++_asked;
        return costs;
    }

    /// <summary>Learns from a tick that stopped because nothing more was expected to fit.</summary>
    public void AddTick(bool overran) => _quantile = Math.Clamp(
        _quantile + (QuantileRate * ((overran ? 1 : 0) - _overrunShare)), LeastQuantile, MostQuantile);

    internal static double GuessInSeconds(SliceInfo slice) =>
        OverheadInSeconds + (slice.Flops / DefaultFlopsPerSecond) + (slice.Bytes / DefaultBytesPerSecond);

    internal void AddGuessError(double measuredOverGuess) => _guessErrors.Add(measuredOverGuess);

    internal void AddOpening(double seconds) => _openings.Add(seconds);

    internal void AddSpread(double measuredOverExpected) => _spreads.Add(measuredOverExpected);
}
