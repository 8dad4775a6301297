using Diffusion.Runtime.Backends;

namespace Diffusion.Runtime.Budget;

/// <summary>Predicted and measured costs of the slices of one shape.</summary>
/// <remarks>Made by <see cref="CostModel.ForShape"/>; one thread; allocates nothing.</remarks>
public sealed class SliceCosts
{
    private readonly CostModel _model;
    private readonly double[] _guesses;
    private readonly QuantileWindow[] _windows;

    internal SliceCosts(CostModel model, IReadOnlyList<SliceInfo> slices, double quantile)
    {
        _model = model;
        _guesses = new double[slices.Count];
        _windows = new QuantileWindow[slices.Count];
        for (int i = 0; i < slices.Count; i++)
        {
            _guesses[i] = CostModel.GuessInSeconds(slices[i]);
            _windows[i] = new QuantileWindow(quantile);
        }
    }

    /// <summary>What slice <paramref name="index"/> is expected to cost at most, most of the time.</summary>
    public TimeSpan Predict(int index)
    {
        QuantileWindow window = _windows[index];
        return TimeSpan.FromSeconds(window.IsEmpty ? _guesses[index] * _model.Correction : window.Value);
    }

    /// <summary>Learns from a slice that ran.</summary>
    /// <param name="index">Which slice.</param>
    /// <param name="cost">How long it took.</param>
    public void Record(int index, TimeSpan cost)
    {
        _windows[index].Add(cost.TotalSeconds);
        _model.Correct(cost.TotalSeconds / _guesses[index]);
    }
}
