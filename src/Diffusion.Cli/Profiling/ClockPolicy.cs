using System.Diagnostics;
using Diffusion.Runtime.Budget;

namespace Diffusion.Cli.Profiling;

/// <summary>Reads the clock until the budget is all but spent: what the machine alone makes of a promise.</summary>
/// <remarks>A thread that loses its core overruns here as it does in the runtime, which cannot do better.</remarks>
internal sealed class ClockPolicy : IFramePolicy
{
    // What a reading and the way out may take: a policy that leaves no room overruns by nanoseconds each time.
    private static readonly TimeSpan _margin = TimeSpan.FromMicroseconds(100);

    public string Name => PolicyNames.Clock;

    public string Work => "reads the clock";

    public TickReport Tick(TimeSpan budget)
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan taken;
        do
        {
            taken = Stopwatch.GetElapsedTime(start);
        }
        while (taken < budget - _margin);

        return new TickReport { Budget = budget, Taken = taken, Stop = TickStop.BudgetSpent };
    }

    public void RestartFinished()
    {
    }

    public void Dispose()
    {
    }
}
