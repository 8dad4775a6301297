namespace Diffusion.Demo;

/// <summary>The last frames' times in milliseconds, and what of them can be read: smoothed.</summary>
/// <param name="capacity">Frames kept.</param>
internal sealed class FrameHistory(int capacity)
{
    private const double Smoothing = 0.1;
    private const double SmallestScale = 20;

    private readonly (double Frame, double Tick)[] _times = new (double, double)[capacity];
    private int _next;

    /// <summary>Frames that it keeps.</summary>
    public int Capacity => capacity;

    /// <summary>Frames that it holds.</summary>
    public int Count { get; private set; }

    /// <summary>Time of a frame, smoothed; 0 before the first.</summary>
    public double Frame { get; private set; }

    /// <summary>Time of a tick, smoothed.</summary>
    public double Tick { get; private set; }

    /// <summary>A round number of milliseconds that most frames stay below.</summary>
    public double Scale { get; private set; } = SmallestScale;

    /// <summary>A frame, oldest first.</summary>
    public (double Frame, double Tick) this[int index]
        => _times[(_next - Count + index + capacity) % capacity];

    /// <summary>Adds a frame; one of no time, which is none, is left out.</summary>
    public void Add(double frame, double tick)
    {
        if (frame <= 0)
        {
            return;
        }

        bool isFirst = Count == 0;
        _times[_next] = (frame, tick);
        _next = (_next + 1) % capacity;
        Count = Math.Min(Count + 1, capacity);
        Frame = isFirst ? frame : Frame + (Smoothing * (frame - Frame));
        Tick = isFirst ? tick : Tick + (Smoothing * (tick - Tick));

        // Doubles soon and halves late, so that it does not flicker.
        while (Scale < Frame * 1.2)
        {
            Scale *= 2;
        }

        while (Scale > SmallestScale && Scale > Frame * 3.5)
        {
            Scale /= 2;
        }
    }
}
