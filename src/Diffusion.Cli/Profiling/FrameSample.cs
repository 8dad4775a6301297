using Diffusion.Runtime.Budget;

namespace Diffusion.Cli.Profiling;

/// <summary>One frame of a run.</summary>
/// <param name="Time">The whole frame.</param>
/// <param name="Tick">The policy's report.</param>
internal readonly record struct FrameSample(TimeSpan Time, TickReport Tick)
{
    /// <summary>Whether what was run was chosen to fit; else nothing that fitted was left.</summary>
    public bool HadChoice => !Tick.Forced;

    /// <summary>Whether work was left when the tick ended.</summary>
    public bool WorkWaited => Tick.Stop != TickStop.Idle;
}
