using CsCheck;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Tests.Budget;

public sealed class TickTests
{
    private static readonly TextureRequest _request = new() { Width = 8, Height = 8, Steps = 10 };

    [Fact]
    public void Tick_RandomCostsAndBudgets_BeginsUnforcedOnlyWhatIsPredictedToFit() => Gen.Select(
        Gen.Int[1, 5000].Array[1, 60], Gen.Int[0, 12_000].Array[20, 60], Gen.Int[0, 3], Gen.Int[1, 3]).Sample(
        (costs, budgets, frames, textures) =>
        {
            using GaussianBackend backend = new() { Cost = n => Microseconds(costs[n % costs.Length]) };
            SliceProgress progress =
                frames == 0 ? SliceProgress.Strict : SliceProgress.AtLeastOneSlicePerFrames(frames);
            using DiffusionRuntime runtime = Create(backend, progress);
            for (int i = 0; i < textures; i++)
            {
                runtime.Submit(_request with { Seed = (ulong)i });
            }

            // A second model of time, fed with the same slices, says what the runtime must have known before each.
            CostModel model = new();
            SliceCosts shadow = model.ForShape(new SessionOptions { Width = 8, Height = 8 }, ChainSlices());
            Queue<bool> fitted = new();
            TimeSpan left = TimeSpan.Zero;
            backend.SliceBegins = (slice, cost) =>
            {
                bool opens = fitted.Count == 0;
                fitted.Enqueue(shadow.Predict(slice, opens) <= left);
                left -= cost;
                shadow.Record(slice, cost, opens);
            };

            foreach (int budget in budgets)
            {
                fitted.Clear();
                left = Microseconds(budget);
                TickReport report = runtime.Tick(left);

                Assert.Equal(fitted.Count, report.SlicesRun);
                Assert.Equal(report.Forced, fitted.TryPeek(out bool firstFitted) && !firstFitted);
                Assert.All(fitted.Skip(1), Assert.True);
                Assert.False(report.Forced && (frames == 0 || budget == 0));
                Assert.True(report.Stop == TickStop.Idle || report.NextPredictedCost > left);
                Assert.Equal(report.Budget - left, report.Taken);
                if (report is { Stop: TickStop.BudgetSpent, Forced: false })
                {
                    model.AddTick(report.Taken > report.Budget);
                }
            }
        },
        iter: 300);

    [Theory]
    [InlineData(0.1, 0.0075)]
    [InlineData(0.4, 0.0075)]
    [InlineData(0.2, 0.02)]
    public void Tick_CostsOfAnySpread_OverrunsAsOftenAsItMay(double spread, double share)
    {
        // Log-normal costs around a millisecond.
        const int Ticks = 20_000;
        Random random = new(11);
        using GaussianBackend backend = new()
        {
            Cost = _ => TimeSpan.FromMilliseconds(NoisyCosts.Factor(random, spread)),
        };
        RuntimeOptions options = new() { Clock = backend.Clock, OverrunShare = share };
        using DiffusionRuntime runtime = new(backend, GaussianBackend.Model, options);
        (int choices, int overruns) = (0, 0);
        foreach (TickReport report in TickEndlessWork(runtime, Ticks))
        {
            choices += report.Forced ? 0 : 1;
            overruns += !report.Forced && report.Overrun > TimeSpan.Zero ? 1 : 0;
        }

        Assert.InRange(choices, Ticks / 2, Ticks);
        Assert.InRange(overruns / (double)choices, 0.8 * share, 1.25 * share);
    }

    [Fact]
    public void Tick_RareStrays_SpoilTheirTicksAlone()
    {
        // One slice in 211 takes ten times as long as the others: more ticks overrun than may, and none can help it.
        const int Ticks = 4000;
        using GaussianBackend backend = WithStrays(period: 211);
        using DiffusionRuntime runtime = Create(backend, SliceProgress.AtLeastOneSlicePerFrames(1));
        (int forced, TimeSpan taken) = (0, TimeSpan.Zero);
        foreach (TickReport report in TickEndlessWork(runtime, Ticks))
        {
            forced += report.Forced ? 1 : 0;
            taken += report.Taken;
        }

        Assert.InRange(forced, 0, Ticks / 100);
        Assert.InRange(taken / (Ticks * Microseconds(8000)), 0.8, 1.1);
    }

    [Fact]
    public void Tick_CoreTakenAwayOften_StillUsesHalfOfTheBudget()
    {
        // One slice in 29 takes ten times as long as the others: to promise that would leave no slice that fits.
        const int Ticks = 4000;
        using GaussianBackend backend = WithStrays(period: 29);
        using DiffusionRuntime runtime = Create(backend, SliceProgress.AtLeastOneSlicePerFrames(1));
        (int forced, int slices) = (0, 0);
        foreach (TickReport report in TickEndlessWork(runtime, Ticks))
        {
            forced += report.Forced ? 1 : 0;
            slices += report.SlicesRun;
        }

        Assert.InRange(forced, 0, Ticks / 100);
        Assert.InRange(slices / (double)Ticks, 4, 8);
    }

    [Fact]
    public void Tick_SliceLargerThanTheBudget_RunsOneATickByDefault()
    {
        using GaussianBackend backend = new() { Cost = _ => Microseconds(5000) };
        using DiffusionRuntime runtime = Create(backend, new RuntimeOptions().Progress);
        runtime.Submit(_request with { Steps = 1 });
        runtime.Tick(TimeSpan.MaxValue);
        TextureHandle handle = runtime.Submit(_request with { Steps = 2 });
        int ticks = 0;
        while (runtime.GetProgress(handle).Status == ChainStatus.Running)
        {
            TickReport report = runtime.Tick(Microseconds(4000));
            Assert.Equal((1, true), (report.SlicesRun, report.Forced));
            Assert.Equal(Microseconds(1000), report.Overrun);
            ticks++;
        }

        Assert.Equal(11, ticks);
    }

    [Fact]
    public void Tick_SliceLargerThanTheBudget_RunsOneInEveryNTicks()
    {
        using GaussianBackend backend = new() { Cost = _ => Microseconds(5000) };
        using DiffusionRuntime runtime = Create(backend, SliceProgress.AtLeastOneSlicePerFrames(3));
        runtime.Submit(_request with { Steps = 1 });
        runtime.Tick(TimeSpan.MaxValue);
        runtime.Submit(_request);

        bool[] forced = [.. Enumerable.Range(0, 9).Select(_ => runtime.Tick(Microseconds(4000)).Forced)];

        Assert.Equal([false, false, true, false, false, true, false, false, true], forced);
    }

    [Fact]
    public void Tick_StrictAndSliceLargerThanTheBudget_WaitsAndSaysSo()
    {
        using GaussianBackend backend = new() { Cost = _ => Microseconds(5000) };
        using DiffusionRuntime runtime = Create(backend, SliceProgress.Strict);
        runtime.Submit(_request with { Steps = 1 });
        runtime.Tick(TimeSpan.MaxValue);
        runtime.Submit(_request);
        for (int i = 0; i < 20; i++)
        {
            TickReport report = runtime.Tick(Microseconds(4000));
            Assert.Equal((0, TickStop.SliceExceedsBudget), (report.SlicesRun, report.Stop));
            Assert.Equal(Microseconds(5000), report.NextPredictedCost);
        }

        Assert.Equal(1, runtime.Tick(Microseconds(5000)).SlicesRun);
    }

    [Fact]
    public void Tick_FairestDoesNotFit_RunsAnotherThatDoes()
    {
        // Slice 2 of the chain costs 5 ms, every other 1 ms.
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend, SliceProgress.Strict);
        backend.SliceBegins = (next, _) => backend.Clock.Advance(Microseconds(next == 2 ? 4000 : 0));
        runtime.Submit(_request with { Steps = 1 });
        runtime.Tick(TimeSpan.MaxValue);
        TextureHandle first = runtime.Submit(_request);
        TextureHandle second = runtime.Submit(_request);

        // The first stops before its slice 2; the second gets what is left, up to the same place.
        TickReport report = runtime.Tick(Microseconds(4500));

        Assert.Equal((4, TickStop.SliceExceedsBudget, false), (report.SlicesRun, report.Stop, report.Forced));
        Assert.Equal(1UL, runtime.GetProgress(first).Generation);
        Assert.Equal(1UL, runtime.GetProgress(second).Generation);
    }

    [Fact]
    public void Tick_ZeroBudget_DoesNothing()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend, SliceProgress.AtLeastOneSlicePerFrames(1));
        runtime.Submit(_request);

        Assert.Equal(0, runtime.Tick(TimeSpan.Zero).SlicesRun);
        Assert.Throws<ArgumentOutOfRangeException>(() => runtime.Tick(TimeSpan.FromTicks(-1)));
    }

    [Fact]
    public void Tick_NothingToDo_IsIdle()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend, SliceProgress.Strict);
        Assert.Equal(TickStop.Idle, runtime.Tick(Microseconds(1000)).Stop);

        runtime.Pause(runtime.Submit(_request));
        Assert.Equal((TickStop.Idle, 0), (runtime.Tick(Microseconds(1000)).Stop, backend.SlicesRun));
    }

    [Fact]
    public void Tick_DeviceBesideTheHost_IsHandedWhatIsPredictedToFitAndNeverWaitedFor()
    {
        using GaussianBackend backend = new() { Cost = _ => Microseconds(3000), RunsBesideTheHost = true };
        using DiffusionRuntime runtime = Create(backend, SliceProgress.Strict);
        backend.DeviceIsDone = true;
        runtime.Submit(_request with { Steps = 1 });
        runtime.Tick(TimeSpan.MaxValue);
        runtime.Tick(Microseconds(1));

        backend.DeviceIsDone = false;
        TextureHandle handle = runtime.Submit(_request);
        TickReport first = runtime.Tick(Microseconds(10_000));
        TickReport second = runtime.Tick(Microseconds(10_000));
        TickReport third = runtime.Tick(Microseconds(10_000));
        backend.DeviceIsDone = true;
        TickReport fourth = runtime.Tick(Microseconds(10_000));

        // The start takes the host 3 ms, each slice the device 3 ms.
        Assert.Equal((3, Microseconds(3000), Microseconds(6000)), (first.SlicesRun, first.Taken, first.SubmittedCost));
        Assert.Equal((2, Microseconds(0), Microseconds(6000)), (second.SlicesRun, second.Taken, second.SubmittedCost));
        Assert.Equal((0, TickStop.WaitingForReaders), (third.SlicesRun, third.Stop));
        Assert.Equal((3, 1, Microseconds(3000)), (fourth.SlicesRun, fourth.StepsCompleted, fourth.Taken));
        Assert.Equal(ChainStatus.Running, runtime.GetProgress(handle).Status);
    }

    [Fact]
    public void WarmUp_DeviceBesideTheHost_LearnsTheDevicesTimes()
    {
        using GaussianBackend backend = new() { Cost = _ => Microseconds(3000), RunsBesideTheHost = true };
        using DiffusionRuntime runtime = Create(backend, SliceProgress.Strict);
        backend.DeviceIsDone = true;
        runtime.WarmUp(_request);
        backend.DeviceIsDone = false;
        runtime.Submit(_request);

        TickReport report = runtime.Tick(Microseconds(10_000));

        Assert.Equal(
            (3, Microseconds(3000), Microseconds(6000)), (report.SlicesRun, report.Taken, report.SubmittedCost));
    }

    private static SliceInfo[] ChainSlices()
    {
        using DiffusionChain chain = new(
            new GaussianBackend().CreateSession(new SessionOptions { Width = 8, Height = 8 }),
            new ChainSettings
            {
                Model = GaussianBackend.Model,
                Solver = GaussianBackend.Model.DefaultSolver,
                Levels = StepGrid.Create(GaussianBackend.Model.Schedule, StepSpacing.Trailing, 1),
            });
        return [.. chain.Slices];
    }

    private static DiffusionRuntime Create(GaussianBackend backend, SliceProgress progress) =>
        new(backend, GaussianBackend.Model, new RuntimeOptions { Clock = backend.Clock, Progress = progress });

    // Ticks of 8 ms on a texture that begins again when it is done.
    private static IEnumerable<TickReport> TickEndlessWork(DiffusionRuntime runtime, int ticks)
    {
        TextureHandle handle = runtime.Submit(_request);
        for (int i = 0; i < ticks; i++)
        {
            TickReport report = runtime.Tick(Microseconds(8000));
            yield return report;
            if (report.TexturesCompleted > 0)
            {
                runtime.Restart(handle, _request);
            }
        }
    }

    // Slices of about a millisecond, of which one in a period takes ten.
    private static GaussianBackend WithStrays(int period) => new()
    {
        Cost = n => Microseconds(n % period == 0 ? 10_000 : 950 + (n * 37 % 100)),
    };

    private static TimeSpan Microseconds(int value) => TimeSpan.FromMicroseconds(value);
}
