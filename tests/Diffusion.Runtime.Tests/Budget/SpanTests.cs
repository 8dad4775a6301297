using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Chains;

namespace Diffusion.Runtime.Tests.Budget;

/// <summary>Slices that are run several at once.</summary>
public sealed class SpanTests
{
    private static readonly TextureRequest _request = new() { Width = 8, Height = 8, Steps = 10 };

    // Slices 1 to 3 of four.
    private static readonly SliceSpan _span = new("three", 1, 3);

    [Fact]
    public void Tick_SpanFits_RunsItInPlaceOfItsSlices()
    {
        using GaussianBackend backend = WithSpan();
        using DiffusionRuntime runtime = Create(backend);
        runtime.WarmUp(_request);
        runtime.Submit(_request);
        backend.SpansRun = 0;

        // Start, the first slice, the span of 2 ms and the solver's step are 5 ms; slices one by one would be 6.
        TickReport report = runtime.Tick(TimeSpan.FromMilliseconds(5));

        Assert.Equal((1, 6, 1), (backend.SpansRun, report.SlicesRun, report.StepsCompleted));
        Assert.Equal((TimeSpan.FromMilliseconds(5), false), (report.Taken, report.Forced));
        Assert.Equal(report.Taken, report.PredictedCost);
    }

    [Fact]
    public void Tick_SpanDoesNotFit_RunsTheSlicesThatDo()
    {
        using GaussianBackend backend = WithSpan();
        using DiffusionRuntime runtime = Create(backend);
        runtime.WarmUp(_request);
        runtime.Submit(_request);
        backend.SpansRun = 0;

        TickReport first = runtime.Tick(TimeSpan.FromMilliseconds(3));
        TickReport second = runtime.Tick(TimeSpan.FromMilliseconds(3));

        Assert.Equal((0, 3, 3), (backend.SpansRun, first.SlicesRun, second.SlicesRun));
        Assert.Equal(1, second.StepsCompleted);
    }

    [Fact]
    public void Tick_SpanNeverRun_IsExpectedToTakeWhatItsSlicesDo()
    {
        using GaussianBackend backend = WithSpan();
        using DiffusionRuntime runtime = Create(backend);
        runtime.Submit(_request);

        // Too little for three slices, until each has been seen often enough.
        for (int i = 0; i < 12; i++)
        {
            Assert.False(runtime.Tick(TimeSpan.FromMilliseconds(2)).SlicesRun > 2);
        }

        Assert.Equal(0, backend.SpansRun);
        runtime.Tick(TimeSpan.FromMilliseconds(20));
        Assert.NotEqual(0, backend.SpansRun);
    }

    [Fact]
    public void Tick_WithAndWithoutSpans_MakesTheSameTexture()
    {
        float[] expected = Run([]);

        Assert.Equal(expected, Run([_span]));

        static float[] Run(SliceSpan[] spans)
        {
            using GaussianBackend backend = WithSpan();
            backend.Spans = spans;
            using DiffusionRuntime runtime = Create(backend);
            TextureHandle handle = runtime.Submit(_request);
            for (int i = 0; runtime.GetProgress(handle).Status == ChainStatus.Running; i++)
            {
                runtime.Tick(TimeSpan.FromMilliseconds(1 + (i % 7)));
            }

            Assert.Equal(spans.Length > 0, backend.SpansRun > 0);
            return runtime.GetSamples(handle).Sample(runtime.GetSamples(handle).CurrentSlot).ToArray();
        }
    }

    [Fact]
    public void Tick_WithSpans_AllocatesNothing()
    {
        using GaussianBackend backend = WithSpan();
        using DiffusionRuntime runtime = Create(backend);
        runtime.WarmUp(_request);
        runtime.Submit(_request with { Steps = 50 });
        runtime.Tick(TimeSpan.FromMilliseconds(20));

        long before = GC.GetAllocatedBytesForCurrentThread();
        runtime.Tick(TimeSpan.FromMilliseconds(50));

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Expect_SpanUnknownThenKnown_IsTheSumOfItsSlicesThenItsOwn()
    {
        SliceInfo[] slices = [.. Enumerable.Range(0, 6).Select(i => new SliceInfo($"{i}", 1e6, 1e5))];
        SliceCosts costs = new CostModel().ForShape(new() { Width = 8, Height = 8 }, slices, [_span]);
        for (int i = 0; i < slices.Length; i++)
        {
            costs.Record(i, TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(3, costs.Expect(costs.IndexOfSpan(0)).TotalMilliseconds, 1e-6);
        costs.Record(costs.IndexOfSpan(0), TimeSpan.FromMilliseconds(2));
        Assert.Equal(2, costs.Expect(costs.IndexOfSpan(0)).TotalMilliseconds, 1e-6);
    }

    private static GaussianBackend WithSpan() => new()
    {
        Cost = _ => TimeSpan.FromMilliseconds(1),
        Spans = [_span],
        SpanCost = TimeSpan.FromMilliseconds(2),
    };

    private static DiffusionRuntime Create(GaussianBackend backend) => new(
        backend,
        GaussianBackend.Model,
        new RuntimeOptions { Clock = backend.Clock, Progress = SliceProgress.Strict });
}
