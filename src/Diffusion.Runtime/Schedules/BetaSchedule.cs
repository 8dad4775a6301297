namespace Diffusion.Runtime.Schedules;

/// <summary>The variance-preserving schedule of a table of β's, continued between the table's entries.</summary>
/// <remarks>
/// Time t in [0, T-1] is the table's index, so that integer times are exactly the training levels; between them ln α is
/// interpolated linearly, as DPM-Solver does for discrete tables. Immutable; any thread. [Ho20, Sec. 2] [Lu22, App.
/// D.4]
/// </remarks>
public sealed class BetaSchedule : NoiseSchedule
{
    private readonly double[] _logAlpha;

    /// <summary>Builds the schedule from its table.</summary>
    /// <param name="name">The schedule's name.</param>
    /// <param name="betas">β_0 .. β_(T-1), at least two, each in (0, 1).</param>
    /// <exception cref="ArgumentException">The table is too short or a β is outside (0, 1).</exception>
    public BetaSchedule(string name, ReadOnlySpan<double> betas)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (betas.Length < 2)
        {
            throw new ArgumentException($"A β table needs at least 2 entries, not {betas.Length}.", nameof(betas));
        }

        Name = name;
        _logAlpha = new double[betas.Length];
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
            _logAlpha[t] = logAlphaBar / 2;
        }
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <summary>Entries of the table, T.</summary>
    public int Count => _logAlpha.Length;

    /// <inheritdoc/>
    public override double MinTime => 0;

    /// <inheritdoc/>
    public override double MaxTime => _logAlpha.Length - 1;

    /// <inheritdoc/>
    public override NoiseLevel At(double time)
    {
        time = Math.Clamp(time, MinTime, MaxTime);
        int left = Segment(time);
        double logAlpha = _logAlpha[left] + ((time - left) * Slope(left));

        // σ = √(1 - α²) without the cancellation that 1 - α² has near the clean end.
        double sigmaSquared = -double.ExpM1(2 * logAlpha);
        return new NoiseLevel(time, Math.Exp(logAlpha), Math.Sqrt(sigmaSquared));
    }

    /// <inheritdoc/>
    public override double LogAlphaDerivative(double time) => Slope(Segment(Math.Clamp(time, MinTime, MaxTime)));

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
    /// <remarks>Networks trained on a table see its index.</remarks>
    public override double NetworkTime(double time) => Math.Clamp(time, MinTime, MaxTime);

    private int Segment(double time) => Math.Min((int)time, _logAlpha.Length - 2);

    private double Slope(int left) => _logAlpha[left + 1] - _logAlpha[left];
}
