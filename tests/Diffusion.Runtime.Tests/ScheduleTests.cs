using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests;

public sealed class ScheduleTests
{
    private static readonly TextureRequest _request =
        new() { Width = 8, Height = 8, ClassName = "wood", Seed = 3, Steps = 10 };

    [Fact]
    public void Tick_StreamOfHigherPriority_LeavesTheLowerAnEighthAfter30Ticks()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle low = runtime.Submit(_request);
        int ticks = 0;
        while (runtime.GetProgress(low).Step < 1)
        {
            runtime.Submit(_request with { Priority = 1, Steps = 1 });
            runtime.Tick(Milliseconds(2.5));
            ticks++;
        }

        // After 30 ticks, a start and five slices of 1 ms at an eighth of 2 ms a tick; a slice that has not run yet is
        // guessed, and may have to wait for a tick more.
        Assert.InRange(ticks, 30 + 18, 30 + 26);
    }

    [Fact]
    public void Tick_LowerTexturesOverdue_HaveAnEighthBetweenThemAndEachItsImages()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        Warm(runtime, Milliseconds(5.5));
        TextureHandle high = runtime.Submit(_request with { Priority = 1, Steps = 1000 });
        TextureHandle[] low = [.. Enumerable.Range(0, 4).Select(_ => runtime.Submit(_request with { Steps = 100 }))];
        int[] longest = new int[low.Length];
        int[] since = new int[low.Length];
        ulong[] seen = new ulong[low.Length];
        for (int tick = 1; tick <= 800; tick++)
        {
            runtime.Tick(Milliseconds(5.5));
            for (int i = 0; i < low.Length; i++)
            {
                ulong generation = runtime.GetProgress(low[i]).Generation;
                since[i] = generation == seen[i] ? since[i] + 1 : 0;
                longest[i] = Math.Max(longest[i], since[i]);
                seen[i] = generation;
            }
        }

        // 5 slices of 1 ms a tick, 5 slices a step: 700 ticks of 800 for the one, 25 steps each for the four.
        Assert.InRange(runtime.GetProgress(high).Step, 0.98 * 700, 1.02 * 700);
        Assert.All(low, texture => Assert.InRange(runtime.GetProgress(texture).Step, 23, 27));

        // In turn: 4 steps of 5 ms at an eighth of 5 ms, and as much again before the first, which has a start.
        Assert.All(longest, wait => Assert.InRange(wait, 30, 30 + 40));
    }

    [Fact]
    public void Tick_StreamOfNewTextures_DoesNotStarveAnOlderOne()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle old = runtime.Submit(_request);
        int ticks = 0;
        while (runtime.GetProgress(old).Status == ChainStatus.Running)
        {
            // One more a tick than a tick could finish.
            runtime.Submit(_request with { Steps = 1 });
            runtime.Tick(Milliseconds(6.5));
            Assert.InRange(++ticks, 1, 2000);
        }
    }

    [Fact]
    public void Tick_OversizedSliceAmongSmallOnes_IsForcedWhenItHasWaitedAndReported()
    {
        using GaussianBackend backend = new();
        backend.ShapeCost = shape => Milliseconds(shape.Width == 64 ? 9 : 0);
        using DiffusionRuntime runtime = Create(backend);
        Warm(runtime, Milliseconds(5.5));
        TextureHandle large = runtime.Submit(_request with { Width = 64, Height = 64 });
        runtime.Tick(Milliseconds(100));
        int step = runtime.GetProgress(large).Step;
        TextureHandle small = runtime.Submit(_request with { Steps = 1000 });
        TickReport[] reports = [.. Enumerable.Range(0, 300).Select(_ => runtime.Tick(Milliseconds(5.5)))];

        // Once in 30 ticks, and five slices are a step.
        Assert.Equal(10, reports.Count(report => report.Forced));
        Assert.Equal(step + 2, runtime.GetProgress(large).Step);
        Assert.All(reports, report => Assert.Equal(report.Forced, report.Overrun > TimeSpan.Zero));
        Assert.True(runtime.GetProgress(small).Step > 200);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 2)]
    [InlineData(15, 7)]
    [InlineData(400, 10)]
    public void ReadyWithinTicks_ThroughputKnown_TakesTheStepsThatFit(int ticks, int steps)
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        Warm(runtime, Milliseconds(3));

        TextureHandle handle = runtime.Submit(_request with { ReadyWithinTicks = ticks });
        for (int i = 0; i < ticks; i++)
        {
            runtime.Tick(Milliseconds(3));
        }

        // A step is 5 ms, the start 1 ms, a tick 3 ms of which nine tenths are planned with.
        TextureProgress progress = runtime.GetProgress(handle);
        Assert.Equal(ticks > 2, progress.Status == ChainStatus.Completed);
        Assert.Equal(steps, progress.StepCount);
    }

    [Theory]
    [InlineData(0, 9)]
    [InlineData(double.PositiveInfinity, 5)]
    public void ReadyWithinTicks_GuidanceAtSomeLevels_CountsWhatEachStepTakes(double mostGuided, int steps)
    {
        // 3 ms a step without guidance, 5 with it.
        using GaussianBackend backend = new() { PlainSlices = new(2, 4) };
        using DiffusionRuntime runtime = Create(backend);
        TextureRequest request = _request with
        {
            GuidanceScale = 3,
            GuidanceInterval = new GuidanceInterval(0, mostGuided),
        };
        Warm(runtime, Milliseconds(3));
        runtime.WarmUp(request);

        TextureHandle handle = runtime.Submit(request with { ReadyWithinTicks = 11 });
        Assert.Equal(mostGuided == 0 ? 0 : 10, runtime.GetProgress(handle).GuidedStepsLeft);
        for (int i = 0; i < 11; i++)
        {
            runtime.Tick(Milliseconds(3));
        }

        // Nine tenths of 33 ms, less the start.
        Assert.Equal((ChainStatus.Completed, steps), (
            runtime.GetProgress(handle).Status, runtime.GetProgress(handle).StepCount));
    }

    [Fact]
    public void ReadyWithinTicks_RandomRequestsOnANoisyMachine_AreReadyInTime()
    {
        Random random = new(11);
        using GaussianBackend backend = new() { Cost = _ => Milliseconds(0.2 * Math.Exp(0.2 * (random.NextDouble() - 0.5))) };
        using DiffusionRuntime runtime = Create(backend);
        Warm(runtime, Milliseconds(4));
        int ready = 0;
        const int requests = 200;
        List<(TextureHandle Handle, int TicksLeft)> open = [];
        int submitted = 0;
        while (submitted < requests || open.Count > 0)
        {
            // At most four at a time, so that one step each always fits.
            if (submitted < requests && open.Count < 4)
            {
                int ticks = random.Next(5, 60);
                TextureRequest request =
                    _request with { Seed = (ulong)submitted++, Steps = random.Next(1, 40), ReadyWithinTicks = ticks };
                open.Add((runtime.Submit(request), ticks));
            }

            runtime.Tick(Milliseconds(4));
            for (int i = open.Count - 1; i >= 0; i--)
            {
                (TextureHandle handle, int left) = open[i];
                bool isComplete = runtime.GetProgress(handle).Status == ChainStatus.Completed;
                open[i] = (handle, left - 1);
                if (isComplete || left == 1)
                {
                    ready += isComplete ? 1 : 0;
                    runtime.Release(handle);
                    open.RemoveAt(i);
                }
            }
        }

        Assert.InRange(ready, 0.98 * requests, requests);
    }

    [Theory]
    [InlineData("heun", 3, 1)]
    [InlineData("heun", 20, 5)]
    [InlineData("dpmpp-2s", 20, 5)]
    [InlineData("heun", 400, 10)]
    [InlineData("pndm", 30, 10)]
    public void ReadyWithinTicks_SolverThatEvaluatesBetweenSteps_IsGivenTheStepsThatFit(string name, int ticks, int steps)
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        Warm(runtime, Milliseconds(3));
        Solver solver = SolverCatalog.Parse(name);
        TextureRequest request = _request with { Solver = solver, ReadyWithinTicks = ticks };

        TextureHandle handle = runtime.Submit(request);
        TextureHandle restarted = runtime.Submit(_request with { Seed = 5 });
        runtime.Pause(restarted);
        Assert.Equal(Expected(), runtime.GetProgress(handle).StepCount);
        for (int i = 0; i < ticks; i++)
        {
            runtime.Tick(Milliseconds(3));
        }

        // 5 ms an evaluation, the start 1 ms, 3 ms a tick of which nine tenths are planned with.
        Assert.Equal(ChainStatus.Completed, runtime.GetProgress(handle).Status);
        runtime.Restart(restarted, request);
        Assert.Equal(Expected(), runtime.GetProgress(restarted).StepCount);

        int Expected()
        {
            NoiseSchedule schedule = GaussianBackend.Model.Schedule;
            NoiseLevel[] grid = StepGrid.CreateDefault(schedule, solver, steps);
            return solver.PlaceEvaluations(grid, schedule).Length - 1;
        }
    }

    [Fact]
    public void ReadyWithinTicks_EarlierDeadlinesComeLater_LeaveAFixedSolverItsTime()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        Warm(runtime, Milliseconds(3));
        TextureHandle heun = runtime.Submit(_request with { Solver = SolverCatalog.Parse("heun"), ReadyWithinTicks = 20 });
        runtime.Tick(Milliseconds(3));
        TextureHandle[] later = [.. Enumerable.Range(1, 2).Select(
            i => runtime.Submit(_request with { Seed = (ulong)i, ReadyWithinTicks = 10 + (2 * i) }))];
        for (int i = 1; i < 20; i++)
        {
            runtime.Tick(Milliseconds(3));
        }

        // Heun's 9 evaluations take 46 ms of 60; by their own deadlines alone the later could take 6 steps, 31 ms.
        Assert.Equal(ChainStatus.Completed, runtime.GetProgress(heun).Status);
        Assert.All(later, texture => Assert.Equal(ChainStatus.Completed, runtime.GetProgress(texture).Status));
        Assert.All(later, texture => Assert.Equal(1, runtime.GetProgress(texture).StepCount));
    }

    [Fact]
    public void ChangeSteps_InTheMiddle_ThinsTheGridAndEndsOnTheData()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle handle = runtime.Submit(_request);
        List<NoiseLevel> levels = [];
        runtime.OnStepCompleted(handle, (in StepResult step) => levels.Add(step.Level));
        while (runtime.GetProgress(handle).Step < 4)
        {
            runtime.Tick(Milliseconds(1.5));
        }

        runtime.ChangeSteps(handle, 1);
        Assert.Equal((4, 5), (runtime.GetProgress(handle).Step, runtime.GetProgress(handle).StepCount));
        runtime.ChangeSteps(handle, 3);
        runtime.Tick(TimeSpan.MaxValue);

        NoiseLevel[] grid = StepGrid.Create(GaussianBackend.Model.Schedule, StepSpacing.Trailing, 10);
        Assert.Equal([grid[1], grid[2], grid[3], grid[4], grid[6], grid[8], grid[10]], levels);
        Assert.Equal(ChainStatus.Completed, runtime.GetProgress(handle).Status);
    }

    [Fact]
    public void ChangeSteps_OutOfRangeOrImpossible_IsRefused()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle handle = runtime.Submit(_request);
        TextureHandle heun = runtime.Submit(_request with { Solver = SolverCatalog.Parse("heun") });

        Assert.Throws<ArgumentOutOfRangeException>(() => runtime.ChangeSteps(handle, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => runtime.ChangeSteps(handle, 11));
        Assert.Throws<ArgumentException>(() => runtime.ChangeSteps(heun, 2));
        Assert.Equal(10, runtime.GetProgress(handle).StepCount);
    }

    [Fact]
    public void Retarget_InWork_GoesOnFromTheSameStepTowardsTheOtherClass()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle handle = runtime.Submit(_request);
        while (runtime.GetProgress(handle).Step < 4)
        {
            runtime.Tick(Milliseconds(1.5));
        }

        int before = backend.Evaluations.Count;
        runtime.Retarget(handle, _request with { ClassName = "grass", Seed = 9 });
        Assert.Equal(4, runtime.GetProgress(handle).Step);
        runtime.Tick(TimeSpan.MaxValue);

        Assert.Equal((10, 10), (runtime.GetProgress(handle).Step, runtime.GetProgress(handle).StepCount));
        Assert.All(backend.Evaluations.Take(before), evaluation => Assert.Equal(1, evaluation.ClassLabel));
        Assert.Equal(6, backend.Evaluations.Skip(before).Count());
        Assert.All(backend.Evaluations.Skip(before), evaluation => Assert.Equal(2, evaluation.ClassLabel));
    }

    [Fact]
    public void Retarget_EndedBeforeItsFirstImage_SaysSoAndChangesNothing()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle handle = runtime.Submit(_request);
        runtime.Cancel(handle);

        ArgumentException error = Assert.Throws<ArgumentException>(() => runtime.Retarget(handle, _request));

        Assert.Contains("before its first image", error.Message, StringComparison.Ordinal);
        Assert.Equal(ChainStatus.Cancelled, runtime.GetProgress(handle).Status);
    }

    [Fact]
    public void Retarget_AfterTheEnd_StartsFromTheLastImageByItsStrength()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle handle = runtime.Submit(_request);
        runtime.Tick(TimeSpan.MaxValue);
        float[] last = [.. runtime.GetSamples(handle).Denoised(runtime.GetSamples(handle).CurrentSlot)];

        runtime.Retarget(handle, _request with { ClassName = "stone", Strength = 0.3 });
        runtime.Tick(Milliseconds(0.5));

        Assert.Equal((0, 3), (runtime.GetProgress(handle).Step, runtime.GetProgress(handle).StepCount));
        Assert.Equal(last, runtime.GetSamples(handle).Denoised(runtime.GetSamples(handle).CurrentSlot).ToArray());
    }

    [Fact]
    public void Retarget_OfAnotherShapeOrWithAnImage_IsRefused()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle handle = runtime.Submit(_request);

        Assert.Throws<ArgumentException>(() => runtime.Retarget(handle, _request with { Width = 16 }));
        Assert.Throws<ArgumentException>(() => runtime.Retarget(handle, _request with { GuidanceScale = 2 }));
        Assert.Throws<ArgumentException>(() => runtime.Retarget(handle, _request with { Image = new float[192] }));
        Assert.Throws<ArgumentException>(() => runtime.Submit(_request with { ReadyWithinTicks = 0 }));
    }

    // Lets the runtime learn what slices cost and how much a tick has room for.
    private static void Warm(DiffusionRuntime runtime, TimeSpan budget)
    {
        TextureHandle handle = runtime.Submit(_request with { Steps = 40 });
        while (runtime.GetProgress(handle).Status == ChainStatus.Running)
        {
            runtime.Tick(budget);
        }

        runtime.Release(handle);
    }

    private static TimeSpan Milliseconds(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private static DiffusionRuntime Create(GaussianBackend backend) =>
        new(backend, GaussianBackend.Model, new RuntimeOptions { Clock = backend.Clock });
}
