using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests;

public sealed class DiffusionRuntimeTests
{
    private static readonly TextureRequest _request =
        new() { Width = 8, Height = 8, ClassName = "wood", Seed = 3, Steps = 4 };

    [Fact]
    public void Tick_EndlessBudget_CompletesEverything()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle a = runtime.Submit(_request);
        TextureHandle b = runtime.Submit(_request with { Steps = 7, Width = 16 });

        TickReport report = runtime.Tick(TimeSpan.MaxValue);

        Assert.Equal(
            (TickStop.Idle, 11, 2, false),
            (report.Stop, report.StepsCompleted, report.TexturesCompleted, report.Forced));
        Assert.Equal(ChainStatus.Completed, runtime.GetProgress(a).Status);
        TextureProgress progress = runtime.GetProgress(b);
        Assert.Equal(
            (7, 7, true, 8UL), (progress.Step, progress.StepCount, progress.Level.IsClean, progress.Generation));
        Assert.Equal(1, backend.Evaluations[0].ClassLabel);
    }

    [Fact]
    public void Submit_SameRequest_GivesTheSameBitsWhateverTheBudget()
    {
        float[] whole = Generate(TimeSpan.MaxValue);
        float[] sliced = Generate(TimeSpan.FromMilliseconds(1.5));

        Assert.Equal(whole, sliced);

        static float[] Generate(TimeSpan budget)
        {
            using GaussianBackend backend = new();
            using DiffusionRuntime runtime = Create(backend);
            TextureHandle handle = runtime.Submit(_request with { Solver = new DdpmSolver() });
            while (runtime.GetProgress(handle).Status != ChainStatus.Completed)
            {
                runtime.Tick(budget);
            }

            SampleRing ring = runtime.GetSamples(handle);
            return ring.Sample(ring.CurrentSlot).ToArray();
        }
    }

    [Fact]
    public void Tick_TwoTextures_SharesStepsFairly()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle a = runtime.Submit(_request with { Steps = 20 });
        TextureHandle b = runtime.Submit(_request with { Steps = 20 });
        while (runtime.GetProgress(a).Status == ChainStatus.Running)
        {
            runtime.Tick(TimeSpan.FromMilliseconds(3));
            Assert.InRange(runtime.GetProgress(a).Step - runtime.GetProgress(b).Step, -1, 1);
        }
    }

    [Fact]
    public void Tick_HigherPriority_GoesFirst()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        runtime.Submit(_request);
        runtime.Tick(TimeSpan.MaxValue);
        TextureHandle low = runtime.Submit(_request);
        TextureHandle high = runtime.Submit(_request with { Priority = 1 });
        while (runtime.GetProgress(high).Status == ChainStatus.Running)
        {
            Assert.Equal(0UL, runtime.GetProgress(low).Generation);
            runtime.Tick(TimeSpan.FromMilliseconds(1));
        }

        runtime.Tick(TimeSpan.MaxValue);
        Assert.Equal(ChainStatus.Completed, runtime.GetProgress(low).Status);
    }

    [Fact]
    public void Tick_OneTextureFails_TheOtherCompletes()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle bad = runtime.Submit(_request);
        runtime.Tick(TimeSpan.FromMilliseconds(1));
        backend.Throws = true;
        Assert.Equal(1, runtime.Tick(TimeSpan.MaxValue).TexturesFailed);
        backend.Throws = false;
        TextureHandle good = runtime.Submit(_request);
        runtime.Tick(TimeSpan.MaxValue);

        TextureProgress failed = runtime.GetProgress(bad);
        Assert.Equal((ChainStatus.Failed, "The device was lost."), (failed.Status, failed.FailureReason));
        Assert.Equal(ChainStatus.Completed, runtime.GetProgress(good).Status);
    }

    [Fact]
    public void Tick_ReadersHoldEverySlot_ReportsIt()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle handle = runtime.Submit(_request with { Steps = 20 });
        SampleRing ring = runtime.GetSamples(handle);
        ulong seen = 0;
        TickReport report;
        do
        {
            report = runtime.Tick(TimeSpan.FromMilliseconds(1));
            if (ring.TryAcquireLatest(seen, out SampleLease lease))
            {
                seen = lease.Info.Generation;
            }
        }
        while (report.Stop is not (TickStop.WaitingForReaders or TickStop.Idle));

        Assert.Equal(TickStop.WaitingForReaders, report.Stop);
        Assert.Equal(ChainStatus.Waiting, runtime.GetProgress(handle).Status);
    }

    [Fact]
    public void Restart_SameShape_KeepsTheRing()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle handle = runtime.Submit(_request);
        SampleRing ring = runtime.GetSamples(handle);
        TextureRequest next = _request with { Seed = 4, ClassName = "grass", Steps = 9, Solver = new DdpmSolver() };

        Assert.True(runtime.KeepsSamples(handle, next));
        runtime.Restart(handle, next);
        runtime.Tick(TimeSpan.MaxValue);

        Assert.Same(ring, runtime.GetSamples(handle));
        Assert.Equal(9, runtime.GetProgress(handle).Step);
        Assert.Equal(2, backend.Evaluations[^1].ClassLabel);
    }

    [Fact]
    public void Restart_OtherShape_ReplacesTheSession()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle handle = runtime.Submit(_request);

        Assert.False(runtime.KeepsSamples(handle, _request with { Width = 12 }));
        runtime.Restart(handle, _request with { Width = 12, GuidanceScale = 2 });
        runtime.Tick(TimeSpan.MaxValue);

        Assert.Equal(1, backend.LiveSessions);
        Assert.Equal(12, runtime.GetSamples(handle).Width);
        Assert.Equal((2f, 3), (backend.Evaluations[^1].GuidanceScale, backend.Evaluations[^1].NullLabel));
    }

    [Fact]
    public void Handle_Released_NamesNothingAnyMore()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle old = runtime.Submit(_request);
        runtime.Release(old);
        TextureHandle successor = runtime.Submit(_request);

        Assert.Equal(old.Index, successor.Index);
        Assert.Throws<ArgumentException>(() => runtime.GetProgress(old));
        Assert.Throws<ArgumentException>(() => runtime.Release(old));
        Assert.Throws<ArgumentException>(() => runtime.GetSamples(default));
        Assert.Throws<ArgumentException>(() => runtime.Pause(new TextureHandle(7, 1)));
        Assert.Throws<ArgumentException>(() => runtime.Pause(new TextureHandle(-1, 1)));
    }

    [Fact]
    public void Dispose_WithTextures_DisposesEverySession()
    {
        using GaussianBackend backend = new();
        DiffusionRuntime runtime = Create(backend);
        TextureHandle handle = runtime.Submit(_request);
        runtime.Submit(_request);
        Assert.Equal(2, backend.LiveSessions);

        runtime.Dispose();
        runtime.Dispose();

        Assert.Equal(0, backend.LiveSessions);
        Assert.Throws<ObjectDisposedException>(() => runtime.Tick(TimeSpan.Zero));
        Assert.Throws<ObjectDisposedException>(() => runtime.GetProgress(handle));
        Assert.Throws<ObjectDisposedException>(() => runtime.Submit(_request));
    }

    [Fact]
    public void Tick_WarmedUp_AllocatesNothing()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle handle = runtime.Submit(_request with { Steps = 100, Solver = new DdpmSolver() });
        runtime.Submit(_request with { Steps = 100, GuidanceScale = 3 });
        for (int i = 0; i < 40; i++)
        {
            runtime.Tick(TimeSpan.FromMilliseconds(4));
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        int steps = 0;
        for (int i = 0; i < 40; i++)
        {
            steps += runtime.Tick(TimeSpan.FromMilliseconds(4)).StepsCompleted;
            _ = runtime.GetProgress(handle);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.InRange(steps, 30, 60);
    }

    private static DiffusionRuntime Create(GaussianBackend backend) =>
        new(backend, GaussianBackend.Model, new RuntimeOptions { Clock = backend.Clock });
}
