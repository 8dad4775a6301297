using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Telemetry;

namespace Diffusion.Runtime;

/// <summary>How a <see cref="DiffusionRuntime"/> spends time.</summary>
/// <remarks>Immutable; checked by the runtime's constructor.</remarks>
public sealed record RuntimeOptions
{
    /// <summary>What happens to a slice that does not fit even an empty tick. Default: it runs, one a tick.</summary>
    public SliceProgress Progress { get; init; } = SliceProgress.AtLeastOneSlicePerFrames(1);

    /// <summary>Which quantile of recent costs a slice is expected to take at first, in (0, 1]. Default 0.95.</summary>
    /// <remarks>Where slices run on the host, ticks move it, between 0.8 and 0.985, towards
    /// <see cref="OverrunShare"/>.</remarks>
    public double CostQuantile { get; init; } = CostModel.DefaultQuantile;

    /// <summary>Which share of ticks that had a choice may take longer than their budget in the long run, in (0, 0.5];
    /// less leaves more of the budget unused. Default 0.0075.</summary>
    public double OverrunShare { get; init; } = CostModel.DefaultOverrunShare;

    /// <summary>
    /// Threads that compute noise and solver steps, at least 1; results do not depend on it. Default 1, which allocates
    /// nothing.
    /// </summary>
    public int NoiseThreads { get; init; } = 1;

    /// <summary>The clock; tests pass their own.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>
    /// Where ticks, slices, steps and hand-overs are recorded, by the same <see cref="Clock"/>; borrowed. Default null,
    /// nowhere.
    /// </summary>
    public TraceRecorder? Trace { get; init; }
}
