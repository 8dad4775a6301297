namespace Diffusion.Render.Devices;

/// <summary>
/// What memory a device has given out and to whom, for reports and to name what was left. Any thread.
/// </summary>
internal sealed class AllocationLedger
{
    private const int MostNamed = 8;

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, (string Name, long SizeInBytes)> _live = [];

    /// <summary>Bytes allocated now; imports are the caller's memory and count nothing.</summary>
    public long SizeInBytes { get; private set; }

    /// <summary>Allocations and imports now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _live.Count;
            }
        }
    }

    public void Add(ulong handle, string name, long sizeInBytes)
    {
        lock (_gate)
        {
            _live[handle] = (name, sizeInBytes);
            SizeInBytes += sizeInBytes;
        }
    }

    public void Remove(ulong handle)
    {
        lock (_gate)
        {
            if (_live.Remove(handle, out (string Name, long SizeInBytes) gone))
            {
                SizeInBytes -= gone.SizeInBytes;
            }
        }
    }

    /// <summary>A line that names what is left, or null when nothing is.</summary>
    public string? Leaks()
    {
        lock (_gate)
        {
            if (_live.Count == 0)
            {
                return null;
            }

            string names = string.Join(", ", _live.Values.Take(MostNamed).Select(left => $"\"{left.Name}\""));
            string more = _live.Count > MostNamed ? $" and {_live.Count - MostNamed} more" : "";
            return $"Not disposed before the device: {names}{more}; {SizeInBytes} bytes.";
        }
    }
}
