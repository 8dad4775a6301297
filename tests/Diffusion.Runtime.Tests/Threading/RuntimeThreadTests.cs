using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;
using Diffusion.Runtime.Threading;

namespace Diffusion.Runtime.Tests.Threading;

public sealed class RuntimeThreadTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private static readonly TextureRequest _request =
        new() { Width = 8, Height = 8, ClassName = "wood", Seed = 3, Steps = 4, Solver = new DdpmSolver() };

    [Fact]
    public void BeginTick_SameRequest_GivesTheBitsOfTheHostsThread()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime host = new(backend, GaussianBackend.Model);
        TextureHandle expected = host.Submit(_request);
        host.Tick(TimeSpan.MaxValue);
        using RuntimeThread runtime = Create(backend);

        TextureHandle actual = runtime.Submit(_request);
        RunUntil(runtime, () => runtime.GetProgress(actual).Status == ChainStatus.Completed);

        Assert.True(runtime.TryGetSamples(actual, out SampleRing? ring));
        SampleRing reference = host.GetSamples(expected);
        Assert.Equal(
            reference.Sample(reference.CurrentSlot).ToArray(), ring.Sample(ring.CurrentSlot).ToArray());
        Assert.Equal(host.GetProgress(expected), runtime.GetProgress(actual));
    }

    [Fact]
    public async Task AnyVerb_WhileASliceRuns_ReturnsAtOnceAndTakesEffectAfterTheTick()
    {
        using GaussianBackend backend = new();
        using ManualResetEventSlim isInSlice = new();
        using ManualResetEventSlim mayGoOn = new();
        using RuntimeThread runtime = Create(backend);
        TextureHandle first = runtime.Submit(_request);
        await runtime.Resume(first);
        backend.SliceBegins = (_, _) =>
        {
            isInSlice.Set();
            Assert.True(mayGoOn.Wait(_patience));
        };

        Assert.True(runtime.BeginTick(TimeSpan.FromMilliseconds(1.5)));
        Assert.True(isInSlice.Wait(_patience));
        bool isSecondBegun = runtime.BeginTick(TimeSpan.FromMilliseconds(1.5));
        TextureHandle second = runtime.Submit(_request with { Seed = 4 });
        Task paused = runtime.Pause(first);
        ChainStatus meanwhile = runtime.GetProgress(first).Status;
        bool hasRing = runtime.TryGetSamples(second, out _);

        Assert.Equal(
            (false, false, ChainStatus.Running, false, 0L),
            (isSecondBegun, paused.IsCompleted, meanwhile, hasRing, runtime.TicksCompleted));
        mayGoOn.Set();
        await paused.WaitAsync(_patience);
        Assert.Equal(ChainStatus.Paused, runtime.GetProgress(first).Status);
        Assert.True(runtime.TryGetSamples(second, out _));
        Assert.Equal((1L, 1), (runtime.TicksCompleted, runtime.LastTick.SlicesRun));
    }

    [Fact]
    public async Task Verbs_FromManyThreads_LoseNoTexture()
    {
        const int Threads = 8;
        const int VerbsEach = 400;
        using GaussianBackend backend = new();
        int completed = 0;
        using (RuntimeThread runtime = Create(backend))
        {
            using CancellationTokenSource isOver = new();
            Task frames = Task.Run(() =>
            {
                while (!isOver.IsCancellationRequested)
                {
                    runtime.BeginTick(TimeSpan.FromMilliseconds(20));
                    Thread.Yield();
                }
            });
            await Task.WhenAll(Enumerable.Range(0, Threads).Select(seed => Task.Run(() => Play(runtime, seed))))
                .WaitAsync(_patience);
            await isOver.CancelAsync();
            await frames;
        }

        Assert.Equal(0, backend.LiveSessions);
        Assert.True(completed >= Threads, $"Only {completed} textures were completed.");

        // A texture that its owner does not cancel or release ends completed, whatever the others do.
        async Task Play(RuntimeThread runtime, int seed)
        {
            Random random = new(seed);
            TextureHandle texture = runtime.Submit(_request with { Seed = (ulong)seed });
            for (int i = 0; i < VerbsEach; i++)
            {
                switch (random.Next(6))
                {
                    case 0:
                        await runtime.Release(texture);
                        Assert.Throws<ArgumentException>(() => runtime.GetProgress(texture));
                        texture = runtime.Submit(_request with { Seed = (ulong)i, Width = 8 * random.Next(1, 3) });
                        break;
                    case 1:
                        await runtime.Cancel(texture);
                        Assert.Contains(
                            runtime.GetProgress(texture).Status, (ChainStatus[])[ChainStatus.Cancelled, ChainStatus.Completed]);
                        break;
                    case 2:
                        await runtime.Pause(texture);
                        _ = runtime.Resume(texture);
                        break;
                    case 3:
                        _ = runtime.Retarget(texture, _request with { ClassName = "grass" });
                        break;
                    case 4:
                        _ = runtime.Restart(texture, _request with { Seed = (ulong)i });
                        break;
                    default:
                        _ = runtime.GetProgress(texture);
                        break;
                }
            }

            await runtime.Restart(texture, _request);
            while (runtime.GetProgress(texture) is { Status: not ChainStatus.Completed } progress)
            {
                Assert.Equal((ChainStatus.Running, 4), (progress.Status, progress.StepCount));
                await Task.Yield();
            }

            Interlocked.Increment(ref completed);
        }
    }

    [Fact]
    public void BeginTick_WarmedUp_AllocatesNothingOnEitherThread()
    {
        const int Steps = 200;
        using GaussianBackend backend = new();
        using RuntimeThread runtime = Create(backend);
        TextureHandle texture = runtime.Submit(_request with { Steps = Steps });
        long[] allocated = new long[Steps + 1];
        runtime.OnStepCompleted(
            texture, (in StepResult result) => allocated[result.Step] = GC.GetAllocatedBytesForCurrentThread());

        long before = 0;
        while (runtime.GetProgress(texture) is { Status: not ChainStatus.Completed } progress)
        {
            if (before == 0 && progress.Step >= Steps / 4)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
            }

            runtime.BeginTick(TimeSpan.FromMilliseconds(3));
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(allocated[Steps / 4], allocated[Steps]);
    }

    [Fact]
    public void Constructor_RuntimeThatCannotBeMade_ThrowsItsReason()
    {
        Exception error = Assert.Throws<ArgumentException>(
            () => new RuntimeThread(() => throw new ArgumentException("No such model.")));

        Assert.Equal("No such model.", error.Message);
    }

    [Fact]
    public void Submit_BadRequest_ThrowsAtOnce()
    {
        using GaussianBackend backend = new();
        using RuntimeThread runtime = Create(backend);

        ArgumentException error = Assert.Throws<ArgumentException>(
            () => runtime.Submit(_request with { ClassName = "cheese" }));

        Assert.StartsWith("Unknown class 'cheese'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verb_ThatBreaksARule_EndsItsTaskWithTheRule()
    {
        using GaussianBackend backend = new();
        using RuntimeThread runtime = Create(backend);
        TextureHandle texture = runtime.Submit(_request);

        ArgumentOutOfRangeException error = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => runtime.ChangeSteps(texture, 5));

        Assert.Contains("1 to 4", error.Message, StringComparison.Ordinal);
        Assert.Equal((ChainStatus.Running, 4), Of(runtime.GetProgress(texture)));

        static (ChainStatus Status, int Steps) Of(TextureProgress progress) => (progress.Status, progress.StepCount);
    }

    [Fact]
    public async Task Tick_BackendThatFails_FailsTheTextureAndNotTheThread()
    {
        using GaussianBackend backend = new() { Throws = true };
        using RuntimeThread runtime = Create(backend);
        TextureHandle texture = runtime.Submit(_request);

        RunUntil(runtime, () => runtime.GetProgress(texture).Status == ChainStatus.Failed);

        Assert.Equal("The device was lost.", runtime.GetProgress(texture).FailureReason);
        backend.Throws = false;
        await runtime.Restart(texture, _request);
        RunUntil(runtime, () => runtime.GetProgress(texture).Status == ChainStatus.Completed);
    }

    [Fact]
    public async Task Dispose_VerbsLeft_EndThemAndRefuseMore()
    {
        using GaussianBackend backend = new();
        using ManualResetEventSlim isInSlice = new();
        using ManualResetEventSlim mayGoOn = new();
        RuntimeThread runtime = Create(backend);
        TextureHandle texture = runtime.Submit(_request);
        await runtime.Resume(texture);
        backend.SliceBegins = (_, _) =>
        {
            isInSlice.Set();
            Assert.True(mayGoOn.Wait(_patience));
        };
        runtime.BeginTick(TimeSpan.FromMilliseconds(1.5));
        Assert.True(isInSlice.Wait(_patience));
        Task left = runtime.Pause(texture);

        Task disposed = Task.Run(runtime.Dispose);
        while (!Throws(() => runtime.BeginTick(TimeSpan.Zero)))
        {
            Thread.Yield();
        }

        mayGoOn.Set();
        await disposed.WaitAsync(_patience);

        await Assert.ThrowsAsync<ObjectDisposedException>(() => left);
        Assert.Throws<ObjectDisposedException>(() => runtime.Submit(_request));
        Assert.Equal(0, backend.LiveSessions);

        static bool Throws(Func<bool> begin)
        {
            try
            {
                begin();
                return false;
            }
            catch (ObjectDisposedException)
            {
                return true;
            }
        }
    }

    private static RuntimeThread Create(GaussianBackend backend) =>
        new(() => new DiffusionRuntime(
            backend, GaussianBackend.Model, new RuntimeOptions { Clock = backend.Clock }));

    private static void RunUntil(RuntimeThread runtime, Func<bool> isDone)
    {
        long begun = Environment.TickCount64;
        while (!isDone())
        {
            Assert.True(Environment.TickCount64 - begun < _patience.TotalMilliseconds, "The thread does not work.");
            runtime.BeginTick(TimeSpan.FromMilliseconds(20));
            Thread.Yield();
        }
    }
}
