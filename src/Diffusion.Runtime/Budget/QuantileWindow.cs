namespace Diffusion.Runtime.Budget;

/// <summary>An upper quantile of the last few values: small, exact, and quick to forget.</summary>
/// <remarks>
/// One thread; allocates nothing after construction. A stray value never decides alone once three are known.
/// </remarks>
internal sealed class QuantileWindow
{
    private const int Capacity = 32;

    private readonly double _quantile;
    private readonly double[] _values = new double[Capacity];
    private int _next;
    private int _count;
    private double _cached;
    private bool _isStale;

    public QuantileWindow(double quantile) => _quantile = quantile;

    public bool IsEmpty => _count == 0;

    /// <summary>The quantile; meaningless while empty.</summary>
    public double Value
    {
        get
        {
            if (_isStale)
            {
                _cached = Compute();
                _isStale = false;
            }

            return _cached;
        }
    }

    public void Add(double value)
    {
        _values[_next] = value;
        _next = (_next + 1) % Capacity;
        _count = Math.Min(_count + 1, Capacity);
        _isStale = true;
    }

    private double Compute()
    {
        Span<double> sorted = stackalloc double[Capacity];
        sorted = sorted[.._count];
        _values.AsSpan(0, _count).CopyTo(sorted);
        sorted.Sort();
        int rank = (int)Math.Ceiling(_quantile * _count) - 1;
        return sorted[_count >= 3 ? Math.Min(rank, _count - 2) : rank];
    }
}
