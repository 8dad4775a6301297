using Diffusion.Cli.Profiling;
using Diffusion.Cli.Profiling.Html;
using Diffusion.Cli.Reporting;
using Diffusion.Runtime.Budget;

namespace Diffusion.Cli.Tests.Profiling;

public sealed class PolicyRunTests
{
    private static readonly TimeSpan _budget = TimeSpan.FromMilliseconds(10);

    [Fact]
    public void Log_OnlyWithChoice_LeavesForcedFramesOut()
    {
        PolicyRun run = Run((8, false), (30, true), (12, false), (9, false));

        Assert.Equal((4, 2, 1), (run.Log().Count, run.Log().OverrunFrames, run.Log().ForcedFrames));
        FrameLog choice = run.Log(0, run.Count, onlyWithChoice: true);
        Assert.Equal((3, 1, 12.0), (choice.Count, choice.OverrunFrames, choice.TickMs.Max));
        Assert.Equal(0.9667, choice.Utilization);
        Assert.Equal(59, run.TickTime.TotalMilliseconds);
    }

    [Fact]
    public void FramesAfter_UtilizationReturnsLate_CountsUntilThen()
    {
        double[] ticks =
        [
            .. Enumerable.Repeat(9.0, 20), .. Enumerable.Repeat(5.0, 20), .. Enumerable.Repeat(5.0, 7),
            .. Enumerable.Repeat(9.0, 33),
        ];

        // 0.95 · 9 = 8.55 is first reached by the mean of ten frames, one at 5 and nine at 9: six frames in.
        Assert.Equal(6, Recovery.FramesAfter(Run(ticks), 20, 40));
        Assert.Equal(0, Recovery.FramesAfter(Run([.. Enumerable.Repeat(9.0, 60)]), 20, 40));
        Assert.Equal(-1, Recovery.FramesAfter(Run(ticks[..40]), 20, 30));
    }

    [Theory]
    [InlineData(20, 8, 50)]
    [InlineData(20, 16, 25)]
    [InlineData(1, 8, 3)]
    [InlineData(100, 1, 2000)]
    public void WhatIf_FortyStepsInAHundredFrames_ReckonsInProportion(int steps, double budgetMs, double frames)
    {
        FrameReport report = new()
        {
            Backend = "torch",
            Device = "",
            Model = "",
            Width = 16,
            Height = 16,
            Solver = "",
            Steps = 20,
            BudgetMs = 8,
            Frames = 100,
            FrameMs = Percentiles.Of([]),
            TickMs = Percentiles.Of([]),
            Overrun = new OverrunReport(0, 0, 0, 0),
            Utilization = 0,
            ForcedFrames = 0,
            TexturesCompleted = 2,
            StepsCompleted = 40,
            FirstPreviewFrame = 0,
            AllocatedBytesPerFrame = 0,
            GcCollections = 0,
            Sharing = new SharingReport("", "", 0),
        };

        Assert.Equal(frames, WhatIfTable.Frames(report, steps, budgetMs));
    }

    private static PolicyRun Run(double[] ticks) => Run([.. ticks.Select(tick => (tick, false))]);

    private static PolicyRun Run(params (double Milliseconds, bool Forced)[] ticks)
    {
        using OffPolicy policy = new();
        PolicyRun run = new(policy, ticks.Length);
        foreach ((double milliseconds, bool forced) in ticks)
        {
            TickReport tick = new()
            {
                Budget = _budget,
                Taken = TimeSpan.FromMilliseconds(milliseconds),
                Forced = forced,
                Stop = TickStop.BudgetSpent,
            };
            run.Add(new FrameSample(tick.Taken, tick), allocatedBytes: 0);
        }

        return run;
    }
}
