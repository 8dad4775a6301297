using System.Diagnostics;

namespace Diffusion.Cli.Soaking;

/// <summary>Samples of the process's memory, evenly over a time.</summary>
internal sealed class MemoryLog(TimeSpan duration)
{
    private const int Wanted = 60;
    private const double Megabyte = 1024 * 1024;

    private readonly List<MemorySample> _samples = [];

    /// <summary>The samples so far.</summary>
    public IReadOnlyList<MemorySample> Samples => _samples;

    /// <summary>
    /// Least-squares slope of resident memory over the last three quarters; the first is warm-up. 0 for fewer than three
    /// samples there.
    /// </summary>
    public double DriftMegabytesPerHour
    {
        get
        {
            MemorySample[] settled = [.. _samples.Skip(_samples.Count / 4)];
            if (settled.Length < 3)
            {
                return 0;
            }

            double meanTime = settled.Average(sample => sample.Minute);
            double meanSize = settled.Average(sample => sample.ResidentMegabytes);
            double covariance = settled.Sum(
                sample => (sample.Minute - meanTime) * (sample.ResidentMegabytes - meanSize));
            double variance = settled.Sum(sample => (sample.Minute - meanTime) * (sample.Minute - meanTime));
            return Math.Round(60 * covariance / variance, 2);
        }
    }

    /// <summary>Takes a sample if one is due.</summary>
    public void Note(TimeSpan elapsed)
    {
        if (elapsed < duration * _samples.Count / Wanted)
        {
            return;
        }

        using var process = Process.GetCurrentProcess();
        _samples.Add(new MemorySample(
            Math.Round(elapsed.TotalMinutes, 2),
            Math.Round(process.WorkingSet64 / Megabyte, 1),
            Math.Round(GC.GetTotalMemory(forceFullCollection: false) / Megabyte, 1)));
    }
}
