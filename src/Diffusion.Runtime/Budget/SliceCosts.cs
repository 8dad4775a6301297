using Diffusion.Runtime.Backends;

namespace Diffusion.Runtime.Budget;

/// <summary>Predicted and measured costs of the slices of one shape.</summary>
/// <remarks>Made by <see cref="CostModel.ForShape"/>; one thread; allocates nothing.</remarks>
public sealed class SliceCosts
{
    private const double Median = 0.5;
    private const int Memory = 32;
    private const int SpeedMemory = 9;

    // A change of speed is taken for lasting after two and a half passes over the slices, when few typical costs have
    // begun to follow it.
    private const int LastingPasses = 5;

    // First runs are slow; of three costs the median is none of those.
    private const int KnownCount = 3;

    // However slow a tick's opening is expected to be, this much of what a slice took is its own.
    private const double LeastOwnShare = 0.25;

    // Evaluations with guidance and without, each with the solver's step.
    private const int MostSums = 2;

    // A slice that took less than the clock tells apart took at least this: costs are divided by costs.
    private const double LeastSeconds = 1.0 / TimeSpan.TicksPerSecond;

    private readonly CostModel _model;
    private readonly int _sliceCount;
    private readonly SliceSpan[] _spans;

    // Of the slices, and behind them of the spans.
    private readonly double[] _guesses;
    private readonly SortedWindow[] _typical;
    private readonly SortedWindow _speed = new(SpeedMemory);
    private readonly SortedWindow _lastingSpeed;

    // Sums over ranges, as far as they were asked for since the last cost.
    private readonly List<(SliceRange Range, double Seconds)> _sums = new(MostSums);
    private int _unseen;

    internal SliceCosts(CostModel model, IReadOnlyList<SliceInfo> slices, IReadOnlyList<SliceSpan> spans)
    {
        _model = model;
        _sliceCount = _unseen = slices.Count;
        _spans = [.. spans];
        double[] guesses = [.. slices.Select(CostModel.GuessInSeconds)];
        _guesses = [.. guesses, .. spans.Select(span => guesses.Skip(span.First).Take(span.Count).Sum())];
        _typical = new SortedWindow[_guesses.Length];
        for (int i = 0; i < _typical.Length; i++)
        {
            _typical[i] = new SortedWindow(Memory);
        }

        // As if the speed had been steady so far, so that no single value decides.
        _speed.Fill(1);
        _lastingSpeed = new SortedWindow(LastingPasses * slices.Count);
        _lastingSpeed.Fill(1);
    }

    /// <summary>When the model was last asked for this shape, counted in such questions.</summary>
    internal long AskedFor { get; set; }

    /// <summary>What a step typically costs at the present speed.</summary>
    /// <param name="evaluated">What its evaluation runs; the last slice of all, the solver's step, is added.</param>
    internal double ExpectStepInSeconds(SliceRange evaluated)
    {
        foreach ((SliceRange range, double seconds) in _sums)
        {
            // Other shapes correct guesses, so that a sum of them does not last.
            if (range == evaluated && _unseen == 0)
            {
                return seconds;
            }
        }

        if (_sums.Count == MostSums)
        {
            _sums.Clear();
        }

        double sum = Sum(evaluated) + ExpectInSeconds(_sliceCount - 1);
        _sums.Add((evaluated, sum));
        return sum;
    }

    /// <summary>Where span <paramref name="span"/> stands among the slices: behind them.</summary>
    public int IndexOfSpan(int span) => _sliceCount + span;

    /// <summary>What slice <paramref name="index"/> is expected to cost at most, nearly every time.</summary>
    /// <param name="index">Which slice, or which span by <see cref="IndexOfSpan"/>; so for all that follow.</param>
    /// <param name="opensTick">Whether it would be the first of its tick.</param>
    public TimeSpan Predict(int index, bool opensTick = false) =>
        TimeSpan.FromSeconds((ExpectInSeconds(index) + Opening(opensTick)) * _model.Spread);

    /// <summary>What slice <paramref name="index"/> typically costs at the machine's present speed.</summary>
    public TimeSpan Expect(int index) => TimeSpan.FromSeconds(ExpectInSeconds(index));

    /// <summary>Learns from a slice that ran.</summary>
    /// <param name="index">Which slice.</param>
    /// <param name="cost">How long it took.</param>
    /// <param name="opensTick">Whether it was the first of its tick.</param>
    public void Record(int index, TimeSpan cost, bool opensTick = false)
    {
        _sums.Clear();
        _unseen -= index < _sliceCount && _typical[index].Count == 0 ? 1 : 0;
        double seconds = Math.Max(cost.TotalSeconds, LeastSeconds);
        if (_typical[index].Count >= KnownCount)
        {
            double expected = ExpectInSeconds(index);
            double opening = Opening(opensTick);
            _model.AddSpread(seconds / (expected + opening));
            if (opensTick)
            {
                _model.AddOpening(seconds - expected);
                seconds = Math.Max(seconds - opening, LeastOwnShare * seconds);
            }

            double relative = seconds / _typical[index].Quantile(Median);
            _speed.Add(relative);
            _lastingSpeed.Add(relative);
        }

        _typical[index].Add(seconds / _lastingSpeed.Quantile(Median));
        _model.AddGuessError(seconds / _guesses[index]);
    }

    private double Sum(SliceRange range)
    {
        double seconds = 0;
        int next = range.First;
        for (int i = 0; i < _spans.Length; i++)
        {
            // By slices up to a span that is known; one that begins within another is not for this sum.
            if (_typical[IndexOfSpan(i)].Count > 0 && _spans[i].First >= next && _spans[i].First < range.End)
            {
                for (; next < _spans[i].First; next++)
                {
                    seconds += ExpectInSeconds(next);
                }

                seconds += ExpectInSeconds(IndexOfSpan(i));
                next += _spans[i].Count;
            }
        }

        for (; next < range.End; next++)
        {
            seconds += ExpectInSeconds(next);
        }

        return seconds;
    }

    private double Opening(bool opensTick) => opensTick ? _model.OpeningInSeconds : 0;

    private double ExpectInSeconds(int index)
    {
        if (_typical[index].Count > 0)
        {
            return _typical[index].Quantile(Median) * _speed.Quantile(Median);
        }

        if (index < _sliceCount)
        {
            return _guesses[index] * _model.GuessError;
        }

        SliceSpan span = _spans[index - _sliceCount];
        double seconds = 0;
        for (int i = span.First; i < span.First + span.Count; i++)
        {
            seconds += ExpectInSeconds(i);
        }

        return seconds;
    }
}
