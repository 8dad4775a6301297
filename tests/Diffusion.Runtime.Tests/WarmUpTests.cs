using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests;

public sealed class WarmUpTests
{
    private static readonly TextureRequest _request = new() { Width = 8, Height = 8, Steps = 10, Seed = 3 };
    private static readonly TimeSpan _sliceCost = TimeSpan.FromMilliseconds(1);

    [Fact]
    public void WarmUp_ThenTick_FillsTheFirstBudget()
    {
        using GaussianBackend backend = new() { Cost = _ => _sliceCost };
        using DiffusionRuntime runtime = Create(backend);
        runtime.WarmUp(_request);
        runtime.Submit(_request);
        TickReport report = runtime.Tick(8 * _sliceCost);
        Assert.Equal((8, false), (report.SlicesRun, report.Forced));
        Assert.Equal(8 * _sliceCost, report.PredictedCost);
    }

    [Theory]
    [InlineData(0, 2, new[] { 3f, 3f, 3f })]
    [InlineData(2, 4, new[] { 3f, 3f, 3f, 1f, 1f, 1f })]
    public void WarmUp_GuidedRequest_RunsAllSlicesThatStepsMayRun(int first, int end, float[] scales)
    {
        using GaussianBackend backend = new() { GuidedSlices = new(0, 2), PlainSlices = new(first, end) };
        using DiffusionRuntime runtime = Create(backend);
        runtime.WarmUp(
            _request with { ClassLabel = 1, GuidanceScale = 3, GuidanceInterval = new GuidanceInterval(0.1, 0.2) });
        Assert.Equal(scales, backend.Evaluations.Select(evaluation => evaluation.GuidanceScale));
    }

    [Fact]
    public void WarmUp_SlowFirstRun_IsNotTakenForTheCost()
    {
        using GaussianBackend backend = new() { Cost = run => run < 6 ? 40 * _sliceCost : _sliceCost };
        using DiffusionRuntime runtime = Create(backend);
        runtime.WarmUp(_request);
        runtime.Submit(_request);
        Assert.Equal((8, false), (runtime.Tick(8 * _sliceCost) is var report ? report.SlicesRun : 0, report.Forced));
    }

    [Fact]
    public void WarmUp_AnyRequestOfTheShape_LeavesTexturesAsTheyWere()
    {
        float[] Generate(bool isWarm)
        {
            using GaussianBackend backend = new();
            using DiffusionRuntime runtime = Create(backend);
            if (isWarm)
            {
                runtime.WarmUp(_request with { Solver = SolverCatalog.Parse("ddim-inversion"), Image = new float[192] });
                runtime.WarmUp(_request with { Image = new float[192], Strength = 0.6 });
                Assert.Equal(0, backend.LiveSessions);
            }

            TextureHandle handle = runtime.Submit(_request);
            runtime.Tick(TimeSpan.MaxValue);
            Assert.Equal(ChainStatus.Completed, runtime.GetProgress(handle).Status);
            return runtime.GetSamples(handle).Sample(runtime.GetSamples(handle).CurrentSlot).ToArray();
        }

        Assert.Equal(Generate(isWarm: false), Generate(isWarm: true));
    }

    [Fact]
    public void WarmUp_FailingNetwork_ThrowsAndLeavesNoSession()
    {
        using GaussianBackend backend = new() { Throws = true };
        using DiffusionRuntime runtime = Create(backend);
        Assert.Throws<InvalidOperationException>(() => runtime.WarmUp(_request));
        Assert.Equal(0, backend.LiveSessions);
    }

    [Fact]
    public void WarmUp_Cancelled_ThrowsAndLeavesNoSession()
    {
        using CancellationTokenSource source = new();
        using GaussianBackend backend = new() { SliceBegins = (slice, _) => source.Cancel() };
        using DiffusionRuntime runtime = Create(backend);
        Assert.Throws<OperationCanceledException>(() => runtime.WarmUp(_request, source.Token));
        Assert.Equal((1, 0), (backend.SlicesRun, backend.LiveSessions));
    }

    [Fact]
    public void WarmUp_BadRequest_NamesTheRule() =>
        Assert.Contains("multiple of 4", Assert.Throws<ArgumentException>(() =>
        {
            using GaussianBackend backend = new();
            using DiffusionRuntime runtime = Create(backend);
            runtime.WarmUp(_request with { Width = 7 });
        }).Message, StringComparison.Ordinal);

    private static DiffusionRuntime Create(GaussianBackend backend) =>
        new(backend, GaussianBackend.Model, new RuntimeOptions { Clock = backend.Clock });
}
