using Diffusion.Cli.Reporting;

namespace Diffusion.Cli.Soaking;

/// <summary>What a soak saw: keys in snake case, more may be added.</summary>
internal sealed record SoakReport
{
    /// <summary>Version of the keys.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>Where the network ran.</summary>
    public required string Device { get; init; }

    /// <summary>Seed of every draw.</summary>
    public required int Seed { get; init; }

    /// <summary>How long it ran, without loading.</summary>
    public required double Minutes { get; init; }

    /// <summary>Ticks.</summary>
    public required long Ticks { get; init; }

    /// <summary>What was done to textures, by verb.</summary>
    public required IReadOnlyDictionary<string, int> Verbs { get; init; }

    /// <summary>Generations begun; completed, failed, dropped and running ones add up to it.</summary>
    public required int Begun { get; init; }

    /// <summary>Generations that completed; the runtime's tick reports say the same.</summary>
    public required int Completed { get; init; }

    /// <summary>Generations that failed.</summary>
    public required int Failed { get; init; }

    /// <summary>Generations that a verb ended early.</summary>
    public required int Dropped { get; init; }

    /// <summary>Generations under way at the end; afterwards they were run to completion.</summary>
    public required int Running { get; init; }

    /// <summary>Undisturbed generations with a deadline that have ended or passed it.</summary>
    public required int Deadlines { get; init; }

    /// <summary>Those that were ready in time.</summary>
    public required int DeadlinesMet { get; init; }

    /// <summary>The most ticks with a budget that a running texture waited for a new image.</summary>
    public required long LongestWaitInTicks { get; init; }

    /// <summary>Time over budget of ticks that had one.</summary>
    public required Percentiles TickOverBudget { get; init; }

    /// <summary>Resident memory of the process, once a sample.</summary>
    public required IReadOnlyList<MemorySample> Memory { get; init; }

    /// <summary>Slope of resident memory over the last three quarters, by least squares, in MB an hour.</summary>
    public required double DriftMegabytesPerHour { get; init; }
}

/// <summary>Memory at one time.</summary>
/// <param name="Minute">Since the soak began.</param>
/// <param name="ResidentMegabytes">Of the process.</param>
/// <param name="ManagedMegabytes">Of the managed heap.</param>
internal sealed record MemorySample(double Minute, double ResidentMegabytes, double ManagedMegabytes);
