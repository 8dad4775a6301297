namespace Diffusion.Runtime.Budget;

/// <summary>The last few values in order of size, for exact quantiles.</summary>
/// <remarks>
/// One thread; allocates nothing after construction. Adding a value moves part of the window, which at these sizes
/// takes well under a microsecond.
/// </remarks>
internal sealed class SortedWindow
{
    private readonly double[] _byAge;
    private readonly double[] _bySize;
    private int _oldest;

    /// <summary>Makes an empty window.</summary>
    /// <param name="capacity">How many values it remembers, at least 1.</param>
    public SortedWindow(int capacity)
    {
        _byAge = new double[capacity];
        _bySize = new double[capacity];
    }

    public int Count { get; private set; }

    /// <summary>Fills the window with one value, as if it had been seen so often.</summary>
    public void Fill(double value)
    {
        Array.Fill(_byAge, value);
        Array.Fill(_bySize, value);
        Count = _byAge.Length;
        _oldest = 0;
    }

    /// <summary>Takes a value in, and the oldest out of a full window.</summary>
    public void Add(double value)
    {
        if (Count == _byAge.Length)
        {
            Remove(_byAge[_oldest]);
        }

        _byAge[_oldest] = value;
        _oldest = (_oldest + 1) % _byAge.Length;
        int place = Array.BinarySearch(_bySize, 0, Count, value);
        place = place < 0 ? ~place : place;
        Array.Copy(_bySize, place, _bySize, place + 1, Count - place);
        _bySize[place] = value;
        Count++;
    }

    /// <summary>The smallest value that at least a share of the window does not exceed.</summary>
    /// <param name="share">In (0, 1]; a half is the lower median.</param>
    public double Quantile(double share) => _bySize[Math.Max(0, (int)Math.Ceiling(share * Count) - 1)];

    private void Remove(double value)
    {
        int place = Array.BinarySearch(_bySize, 0, Count, value);
        Array.Copy(_bySize, place + 1, _bySize, place, Count - place - 1);
        Count--;
    }
}
