namespace Diffusion.Runtime.Schedules;

/// <summary>The variance-preserving schedule of a table of β's, continued between the table's entries.</summary>
/// <remarks>
/// Time t in [0, T-1] is the table's index, so that integer times are exactly the training levels; between them ln α is
/// interpolated linearly, as DPM-Solver does for discrete tables. Immutable; any thread. [Ho20, Sec. 2] [Lu22, App.
/// D]
/// </remarks>
public sealed class BetaSchedule : NoiseSchedule
{
    private readonly double[] _logAlpha;
    private readonly double[]? _trainedTimes;

    /// <summary>Builds the schedule from its table.</summary>
    /// <param name="name">The schedule's name.</param>
    /// <param name="betas">β_0 .. β_(T-1), at least two, each in (0, 1).</param>
    /// <exception cref="ArgumentException">The table is too short or a β is outside (0, 1).</exception>
    public BetaSchedule(string name, ReadOnlySpan<double> betas)
        : this(name, LogAlphas(betas), trainedTimes: null)
    {
    }

    private BetaSchedule(string name, double[] logAlpha, double[]? trainedTimes)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (logAlpha.Length < 2)
        {
            throw new ArgumentException(
                $"A β table needs at least 2 entries, not {logAlpha.Length}.", nameof(logAlpha));
        }

        Name = name;
        _logAlpha = logAlpha;
        _trainedTimes = trainedTimes;
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <summary>Entries of the table, T.</summary>
    public int Count => _logAlpha.Length;

    /// <inheritdoc/>
    public override int? TableLength => Count;

    /// <inheritdoc/>
    public override double MinTime => 0;

    /// <inheritdoc/>
    public override double MaxTime => _logAlpha.Length - 1;

    /// <inheritdoc/>
    /// <remarks>At an entry of the table the slope that leads to it, which is that of its own β.</remarks>
    public override double LogAlphaDerivative(double time) => Slope(Segment(Math.Clamp(time, MinTime, MaxTime)));

    /// <inheritdoc/>
    public override double LambdaDerivative(double time)
    {
        // λ = ln α - ½·ln(1 - α²), so dλ/dt = (d ln α / dt)/σ²
        (_, double sigma) = Scales(Math.Clamp(time, MinTime, MaxTime));
        return LogAlphaDerivative(time) / (sigma * sigma);
    }

    /// <inheritdoc/>
    public override double TimeAtLambda(double lambda)
    {
        // α² = sigmoid(2λ), so ln α = -½·ln(1 + e^(-2λ)), which the table holds in descending order.
        double logAlpha = -0.5 * double.LogP1(Math.Exp(-2 * lambda));
        if (logAlpha >= _logAlpha[0])
        {
            return MinTime;
        }

        if (logAlpha <= _logAlpha[^1])
        {
            return MaxTime;
        }

        int left = 0;
        int right = _logAlpha.Length - 1;
        while (right - left > 1)
        {
            int middle = (left + right) / 2;
            if (_logAlpha[middle] >= logAlpha)
            {
                left = middle;
            }
            else
            {
                right = middle;
            }
        }

        return left + ((logAlpha - _logAlpha[left]) / Slope(left));
    }

    /// <inheritdoc/>
    /// <remarks>Networks trained on a table see its index; after respacing, that of the table they know.</remarks>
    public override double NetworkTime(double time)
    {
        time = Math.Clamp(time, MinTime, MaxTime);
        if (_trainedTimes is null)
        {
            return time;
        }

        int left = Segment(time);
        return _trainedTimes[left] + ((time - left) * (_trainedTimes[left + 1] - _trainedTimes[left]));
    }

    /// <summary>The table of a subset of these levels, for sampling in fewer steps. [Nichol21, Sec. 4]</summary>
    /// <param name="times">Indices of this table to keep, at least two, rising.</param>
    /// <returns>A schedule with an entry for each; the network sees the indices of this one.</returns>
    /// <exception cref="ArgumentException">The indices are too few, fall, or leave the table.</exception>
    public BetaSchedule Respace(ReadOnlySpan<int> times)
    {
        if (times.Length < 2)
        {
            throw new ArgumentException($"At least 2 times must be kept, not {times.Length}.", nameof(times));
        }

        // [Nichol21, Eq. 19] ᾱ stays what it is at the kept times, and β_S_t = 1 - ᾱ_S_t/ᾱ_S_(t-1) follows.
        double[] logAlpha = new double[times.Length];
        double[] trained = new double[times.Length];
        for (int i = 0; i < times.Length; i++)
        {
            int previous = i == 0 ? -1 : times[i - 1];
            if (times[i] <= previous || times[i] >= Count)
            {
                throw new ArgumentException(
                    $"Kept time {times[i]} follows {previous}; times must rise and be below {Count}.", nameof(times));
            }

            logAlpha[i] = _logAlpha[times[i]];
            trained[i] = NetworkTime(times[i]);
        }

        return new BetaSchedule(Name, logAlpha, trained);
    }

    /// <summary>
    /// The same table, shifted and scaled in α so that its last level has (almost) no signal. [Lin23, Alg. 1]
    /// </summary>
    /// <remarks>
    /// The paper ends at ᾱ = 0, where a network that predicts ε says nothing and λ is infinite; this one ends at ᾱ =
    /// 2^-24, as diffusers does for its Euler solvers, so that every solver stays finite.
    /// </remarks>
    public BetaSchedule RescaleToZeroTerminalSnr()
    {
        (double first, double last) = (Math.Exp(_logAlpha[0]), Math.Exp(_logAlpha[^1]));
        double floor = Math.Pow(2, -12);

        // [Lin23, Alg. 1] √ᾱ' = (√ᾱ - √ᾱ_T)·√ᾱ_1/(√ᾱ_1 - √ᾱ_T), but onto the floor instead of 0
        double scale = (first - floor) / (first - last);
        double[] logAlpha = Array.ConvertAll(_logAlpha, log => Math.Log(floor + ((Math.Exp(log) - last) * scale)));
        return new BetaSchedule(Name + "-zero-snr", logAlpha, _trainedTimes);
    }

    /// <inheritdoc/>
    protected override (double Alpha, double Sigma) Scales(double time)
    {
        int left = Segment(time);
        double logAlpha = _logAlpha[left] + ((time - left) * Slope(left));

        // σ = √(1 - α²) without the cancellation that 1 - α² has near the clean end.
        return (Math.Exp(logAlpha), Math.Sqrt(-double.ExpM1(2 * logAlpha)));
    }

    private int Segment(double time) => Math.Clamp((int)Math.Ceiling(time) - 1, 0, _logAlpha.Length - 2);

    private double Slope(int left) => _logAlpha[left + 1] - _logAlpha[left];

    private static double[] LogAlphas(ReadOnlySpan<double> betas)
    {
        double[] logAlpha = new double[betas.Length];
        double logAlphaBar = 0;
        for (int t = 0; t < betas.Length; t++)
        {
            if (!(betas[t] > 0 && betas[t] < 1))
            {
                throw new ArgumentException(
                    $"β_{t} is {betas[t]}; every β must be between 0 and 1, both excluded.", nameof(betas));
            }

            // [Ho20, Eq. 4] ᾱ_t = Π (1 - β_s), and α = √ᾱ. The sum of logarithms keeps the noisy end from underflowing.
            logAlphaBar += Math.Log(1 - betas[t]);
            logAlpha[t] = logAlphaBar / 2;
        }

        return logAlpha;
    }
}
