using System.Diagnostics;

namespace Diffusion.Cli.Profiling;

/// <summary>
/// A host's own work in each frame: a fixed amount, so that what the runtime does to it shows in its time.
/// </summary>
internal sealed class HostWork
{
    private const int Length = 64 * 1024;
    private const int TrialRounds = 200;
    private const int Trials = 5;

    private readonly float[] _values = new float[Length];
    private readonly int _rounds;

    /// <summary>Measures how much work takes <paramref name="time"/> on this machine.</summary>
    public HostWork(TimeSpan time)
    {
        if (time <= TimeSpan.Zero)
        {
            return;
        }

        Run(TrialRounds);
        TimeSpan fastest = TimeSpan.MaxValue;
        for (int trial = 0; trial < Trials; trial++)
        {
            long start = Stopwatch.GetTimestamp();
            Run(TrialRounds);
            TimeSpan taken = Stopwatch.GetElapsedTime(start);
            fastest = taken < fastest ? taken : fastest;
        }

        _rounds = Math.Max(1, (int)Math.Round(TrialRounds * (time / fastest)));
    }

    /// <summary>Does a frame's work.</summary>
    public void Run() => Run(_rounds);

    private void Run(int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < _values.Length; i += 16)
            {
                _values[i] = (_values[i] * 0.999f) + 0.25f;
            }
        }
    }
}
