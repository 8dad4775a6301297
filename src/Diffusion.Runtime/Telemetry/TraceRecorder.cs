namespace Diffusion.Runtime.Telemetry;

/// <summary>Remembers the last spans and counter values of a run, for a trace file.</summary>
/// <remarks>
/// <para>One object serves the runtime (<see cref="RuntimeOptions.Trace"/>) and the host, which records its frames and
/// GPU passes beside it; <see cref="ChromeTraceWriter"/> writes what it holds.</para>
/// <para>Recording is for any thread, takes no lock, allocates nothing and overwrites the oldest entry of a full ring.
/// Adding names and tracks allocates. <see cref="Read"/> may run meanwhile: entries that are being written are left
/// out.</para>
/// </remarks>
public sealed class TraceRecorder
{
    /// <summary>Entries that are held where no other number is asked for: 8 MB.</summary>
    public const int DefaultCapacity = 1 << 16;

    private readonly Lock _tables = new();
    private readonly Slot[] _slots;
    private readonly Dictionary<string, TraceName> _namesByText = new(StringComparer.Ordinal);
    private readonly List<string> _names = [];
    private readonly List<(string Process, string Thread)> _tracks = [];
    private long _recorded;

    /// <summary>Allocates the ring.</summary>
    /// <param name="capacity">How many entries it holds, at least 1.</param>
    /// <param name="clock">The clock whose time stamps are recorded, or null for the system's; that of
    /// <see cref="RuntimeOptions.Clock"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is below 1.</exception>
    public TraceRecorder(int capacity = DefaultCapacity, TimeProvider? clock = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        _slots = new Slot[capacity];
        Clock = clock ?? TimeProvider.System;
    }

    /// <summary>The clock of <see cref="Now"/>.</summary>
    public TimeProvider Clock { get; }

    /// <summary>Entries that the ring has room for.</summary>
    public int Capacity => _slots.Length;

    /// <summary>Entries recorded so far, those included that were overwritten.</summary>
    public long Recorded => Interlocked.Read(ref _recorded);

    /// <summary>Entries that a full ring has lost.</summary>
    public long Overwritten => Math.Max(0, Recorded - Capacity);

    /// <summary>A time stamp, to begin a span with.</summary>
    public long Now => Clock.GetTimestamp();

    /// <summary>Adds a row of spans.</summary>
    /// <param name="process">Rows of one process stand together: <c>diffusion</c>, <c>engine</c>, <c>gpu</c>.</param>
    /// <param name="thread">The row's own name.</param>
    public TraceTrack AddTrack(string process, string thread)
    {
        ArgumentException.ThrowIfNullOrEmpty(process);
        ArgumentException.ThrowIfNullOrEmpty(thread);
        lock (_tables)
        {
            _tracks.Add((process, thread));
            return new TraceTrack(_tracks.Count - 1);
        }
    }

    /// <summary>Makes a text usable as a name; the same text gives the same name.</summary>
    public TraceName AddName(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        lock (_tables)
        {
            if (!_namesByText.TryGetValue(text, out TraceName name))
            {
                name = new TraceName(_names.Count);
                _names.Add(text);
                _namesByText.Add(text, name);
            }

            return name;
        }
    }

    /// <summary>The text of a name.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The name is not this recorder's.</exception>
    public string Text(TraceName name)
    {
        lock (_tables)
        {
            return _names[name.Index];
        }
    }

    /// <summary>Every track, by index.</summary>
    public IReadOnlyList<(string Process, string Thread)> Tracks
    {
        get
        {
            lock (_tables)
            {
                return [.. _tracks];
            }
        }
    }

    /// <summary>Records a span that ends now.</summary>
    /// <param name="track">Where it belongs.</param>
    /// <param name="name">What it is called.</param>
    /// <param name="start"><see cref="Now"/> when it began.</param>
    public void Span(TraceTrack track, TraceName name, long start) => Span(track, name, start, TraceDetails.None);

    /// <summary>Records a span that ends now, with details.</summary>
    public void Span(TraceTrack track, TraceName name, long start, in TraceDetails details) =>
        Span(track, name, start, Clock.GetElapsedTime(start), details);

    /// <summary>Records a span that was timed elsewhere, such as a GPU pass.</summary>
    /// <param name="track">Where it belongs.</param>
    /// <param name="name">What it is called.</param>
    /// <param name="start">When it began, as a time stamp of <see cref="Clock"/>.</param>
    /// <param name="duration">How long it took, at least zero.</param>
    /// <param name="details">What it was about.</param>
    public void Span(TraceTrack track, TraceName name, long start, TimeSpan duration, in TraceDetails details) =>
        Add(new TraceEntry
        {
            Track = track,
            Name = name,
            Start = start,
            Duration = duration,
            Details = details,
        });

    /// <summary>Records that a counter has a value from a time on.</summary>
    /// <param name="track">A track of the process that the counter is shown under.</param>
    /// <param name="name">What it is called, unit included.</param>
    /// <param name="at">Since when, as a time stamp of <see cref="Clock"/>.</param>
    /// <param name="value">Its value.</param>
    public void Counter(TraceTrack track, TraceName name, long at, double value) =>
        Add(new TraceEntry { Track = track, Name = name, IsCounter = true, Start = at, Value = value });

    /// <summary>The entries that are held, oldest first; a span is recorded when it ends.</summary>
    /// <returns>A copy.</returns>
    public TraceEntry[] Read()
    {
        long end = Recorded;
        long begin = Math.Max(0, end - Capacity);
        List<TraceEntry> entries = new((int)(end - begin));
        for (long number = begin; number < end; number++)
        {
            ref Slot slot = ref _slots[(int)(number % Capacity)];
            bool wasWritten = Volatile.Read(ref slot.Number) == number + 1;
            TraceEntry entry = slot.Entry;
            Interlocked.MemoryBarrier();
            if (wasWritten && Volatile.Read(ref slot.Number) == number + 1)
            {
                entries.Add(entry);
            }
        }

        return [.. entries];
    }

    /// <summary>Forgets every entry, but no name and no track. Not while others record.</summary>
    public void Clear()
    {
        Array.Clear(_slots);
        Interlocked.Exchange(ref _recorded, 0);
    }

    private void Add(in TraceEntry entry)
    {
        long number = Interlocked.Increment(ref _recorded) - 1;
        ref Slot slot = ref _slots[(int)(number % Capacity)];

        // A reader that sees the slot's number before and after its copy has a whole entry.
        Interlocked.Exchange(ref slot.Number, 0);
        slot.Entry = entry;
        Volatile.Write(ref slot.Number, number + 1);
    }

    private struct Slot
    {
        public long Number;
        public TraceEntry Entry;
    }
}
