using static TorchSharp.torch;

namespace Diffusion.Torch.Training.Times;

/// <summary>t ~ p_t ∝ √E[L_t²], with the last ten losses of each t for the expectation. [Nichol21, Eq. 18]</summary>
/// <remarks>
/// Uniform until every bin of time has ten losses; from then on one draw in a thousand stays uniform, so that no bin
/// starves. Owns its history. One thread.
/// </remarks>
internal sealed class ImportanceTimes : TimeSampler
{
    public const int HistoryLength = 10;
    public const double UniformShare = 0.001;

    private readonly int _binCount;
    private readonly Tensor _history;
    private readonly Tensor _counts;

    public ImportanceTimes(int binCount)
    {
        _binCount = binCount;
        _history = zeros(binCount * HistoryLength).DetachFromDisposeScope();
        _counts = zeros(binCount).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public override bool LearnsFromLosses => true;

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, Tensor Value)> State => [("history", _history), ("counts", _counts)];

    /// <inheritdoc/>
    public override TimeDraw[] Draw(int count, ref CounterRandom random)
    {
        var density = Density();
        var draws = new TimeDraw[count];
        for (var i = 0; i < count; i++)
        {
            draws[i] = density?.At(random.NextDouble()) ?? new TimeDraw(random.NextDouble(), 1);
        }

        return draws;
    }

    /// <inheritdoc/>
    public override void Observe(TimeDraw[] draws, float[] losses)
    {
        using var scope = NewDisposeScope();
        var history = _history.data<float>();
        var counts = _counts.data<float>();
        for (var i = 0; i < draws.Length; i++)
        {
            var bin = (int)(draws[i].Unit * _binCount);
            var first = (long)bin * HistoryLength;
            var filled = (int)counts[bin];
            if (filled < HistoryLength)
            {
                history[first + filled] = losses[i];
                counts[bin] = filled + 1;
                continue;
            }

            for (var k = 1; k < HistoryLength; k++)
            {
                history[first + k - 1] = history[first + k];
            }

            history[first + HistoryLength - 1] = losses[i];
        }
    }

    private BinnedDensity? Density()
    {
        using var scope = NewDisposeScope();
        if (_counts.data<float>().Any(count => count < HistoryLength))
        {
            return null;
        }

        var history = _history.data<float>().ToArray();
        var roots = new double[_binCount];
        for (var bin = 0; bin < _binCount; bin++)
        {
            double sum = 0;
            foreach (var loss in history.AsSpan(bin * HistoryLength, HistoryLength))
            {
                sum += (double)loss * loss;
            }

            roots[bin] = Math.Sqrt(sum / HistoryLength);
        }

        // [Nichol21, Eq. 18] p_t ∝ √E[L_t²]; losses that are all 0 say nothing.
        var total = roots.Sum();
        return total > 0
            ? new BinnedDensity(Array.ConvertAll(
                roots, root => ((1 - UniformShare) * root / total) + (UniformShare / _binCount)))
            : null;
    }
}
