namespace Diffusion.Cli.Reporting;

/// <summary>
/// Collects what each frame took into arrays sized beforehand, so that logging allocates nothing while frames run.
/// </summary>
internal sealed class FrameLog
{
    private readonly double[] _frames;
    private readonly double[] _ticks;
    private readonly double[] _overruns;
    private double _budgetOffered;
    private double _taken;

    /// <summary>Room for <paramref name="capacity"/> frames; later ones are counted but not kept.</summary>
    public FrameLog(int capacity)
    {
        _frames = new double[capacity];
        _ticks = new double[capacity];
        _overruns = new double[capacity];
    }

    /// <summary>Frames logged.</summary>
    public int Count { get; private set; }

    /// <summary>Frames whose tick took longer than its budget.</summary>
    public int OverrunFrames { get; private set; }

    /// <summary>Frames in which a slice that did not fit was begun.</summary>
    public int ForcedFrames { get; private set; }

    /// <summary>Percentiles of whole frames.</summary>
    public Percentiles FrameMs => Percentiles.Of(_frames.AsSpan(0, Kept));

    /// <summary>Percentiles of ticks.</summary>
    public Percentiles TickMs => Percentiles.Of(_ticks.AsSpan(0, Kept));

    /// <summary>Time taken over time offered while work was waiting, 0 when none ever was.</summary>
    public double Utilization => _budgetOffered > 0 ? Math.Round(_taken / _budgetOffered, 4) : 0;

    /// <summary>Ticks beyond their budgets.</summary>
    public OverrunReport Overrun
    {
        get
        {
            var beyond = Percentiles.Of(_overruns.AsSpan(0, Kept));
            double ratio = Count == 0 ? 0 : Math.Round((double)OverrunFrames / Count, 5);
            return new OverrunReport(OverrunFrames, ratio, beyond.P99, beyond.Max);
        }
    }

    private int Kept => Math.Min(Count, _frames.Length);

    /// <summary>Logs one frame.</summary>
    /// <param name="frame">The whole frame.</param>
    /// <param name="tick">The runtime's tick in it.</param>
    /// <param name="budget">What the tick was offered.</param>
    /// <param name="workWaits">Whether any chain still had work after the tick.</param>
    /// <param name="forced">Whether a slice that did not fit was begun.</param>
    public void Add(TimeSpan frame, TimeSpan tick, TimeSpan budget, bool workWaits, bool forced)
    {
        double overrun = Math.Max(0, (tick - budget).TotalMilliseconds);
        if (Count < _frames.Length)
        {
            _frames[Count] = frame.TotalMilliseconds;
            _ticks[Count] = tick.TotalMilliseconds;
            _overruns[Count] = overrun;
        }

        Count++;
        OverrunFrames += overrun > 0 ? 1 : 0;
        ForcedFrames += forced ? 1 : 0;
        if (workWaits)
        {
            _taken += tick.TotalMilliseconds;
            _budgetOffered += budget.TotalMilliseconds;
        }
    }
}
