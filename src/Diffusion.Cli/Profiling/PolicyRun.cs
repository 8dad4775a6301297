using Diffusion.Cli.Reporting;

namespace Diffusion.Cli.Profiling;

/// <summary>Every frame that a policy ran, and what they cost besides time.</summary>
internal sealed class PolicyRun
{
    private readonly FrameSample[] _samples;

    /// <summary>Makes room beforehand, so that adding allocates nothing.</summary>
    public PolicyRun(IFramePolicy policy, int frames)
    {
        Name = policy.Name;
        Work = policy.Work;
        _samples = new FrameSample[frames];
    }

    /// <summary>One of <see cref="PolicyNames"/>.</summary>
    public string Name { get; }

    /// <summary>What the policy does in a frame.</summary>
    public string Work { get; }

    /// <summary>The frames so far.</summary>
    public ReadOnlySpan<FrameSample> Samples => _samples.AsSpan(0, Count);

    /// <summary>Frames so far.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes that the frames allocated on their thread.</summary>
    public long AllocatedBytes { get; private set; }

    /// <summary>Garbage collections meanwhile.</summary>
    public int GcCollections { get; set; }

    /// <summary>Steps completed.</summary>
    public int Steps { get; private set; }

    /// <summary>Textures completed.</summary>
    public int Textures { get; private set; }

    /// <summary>The first frame in which a step was completed; -1 when none was.</summary>
    public int FirstPreview { get; private set; } = -1;

    /// <summary>All frames together.</summary>
    public TimeSpan FrameTime { get; private set; }

    /// <summary>All ticks together.</summary>
    public TimeSpan TickTime { get; private set; }

    /// <summary>Adds a frame.</summary>
    public void Add(in FrameSample sample, long allocatedBytes)
    {
        FirstPreview = FirstPreview < 0 && sample.Tick.StepsCompleted > 0 ? Count : FirstPreview;
        _samples[Count++] = sample;
        AllocatedBytes += allocatedBytes;
        Steps += sample.Tick.StepsCompleted;
        Textures += sample.Tick.TexturesCompleted;
        FrameTime += sample.Time;
        TickTime += sample.Tick.Taken;
    }

    /// <summary>Figures of all frames.</summary>
    public FrameLog Log() => Log(0, Count, onlyWithChoice: false);

    /// <summary>Figures of some frames.</summary>
    /// <param name="begin">The first.</param>
    /// <param name="end">Behind the last.</param>
    /// <param name="onlyWithChoice">Whether frames that had no choice are left out.</param>
    public FrameLog Log(int begin, int end, bool onlyWithChoice)
    {
        var log = new FrameLog(Math.Max(0, end - begin));
        for (int frame = begin; frame < end; frame++)
        {
            FrameSample sample = _samples[frame];
            if (sample.HadChoice || !onlyWithChoice)
            {
                log.Add(sample.Time, sample.Tick.Taken, sample.Tick.Budget, sample.WorkWaited, sample.Tick.Forced);
            }
        }

        return log;
    }
}
