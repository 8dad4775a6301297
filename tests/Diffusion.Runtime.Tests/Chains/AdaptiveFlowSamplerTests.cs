using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests.Chains;

public sealed class AdaptiveFlowSamplerTests
{
    private static readonly TextureRequest _request =
        new() { Width = 8, Height = 8, ClassName = "wood", Seed = 3, Clamp = false };

    [Theory]
    [InlineData("linear")]
    [InlineData("cosine")]
    [InlineData("vp")]
    [InlineData("ve")]
    public void Sample_GaussianData_IsTheExactMapToTheTolerance(string schedule)
    {
        double coarse = Error(schedule, 1e-4, out int few);
        double fine = Error(schedule, 1e-6, out int many);

        // Errors of steps add up to some tens of a step's; float32 on the session's side ends the rest.
        Assert.InRange(coarse, 0, 1e-2);
        Assert.InRange(fine, 0, 1e-5);
        Assert.True(few < many);
    }

    [Fact]
    public void Sample_SameSeed_IsWhatDdimConvergesTo()
    {
        using GaussianBackend backend = new();
        float[] sample = new AdaptiveFlowSampler(backend, GaussianBackend.Model, 1e-5).Sample(_request);
        using DiffusionRuntime runtime = new(backend, GaussianBackend.Model, new RuntimeOptions { Clock = backend.Clock });
        TextureHandle handle = runtime.Submit(_request with { Solver = new DdimSolver(), Steps = 1000 });
        runtime.Tick(TimeSpan.MaxValue);
        SampleRing ring = runtime.GetSamples(handle);

        float[] chain = [.. ring.Sample(ring.CurrentSlot)];

        Assert.All(sample.Zip(chain), pair => Assert.Equal(pair.Second, pair.First, 0.02));
    }

    [Fact]
    public void Sample_Cancelled_Stops()
    {
        using GaussianBackend backend = new();
        using CancellationTokenSource source = new();
        AdaptiveFlowSampler sampler = new(backend, GaussianBackend.Model);

        Assert.Throws<OperationCanceledException>(
            () => sampler.Sample(_request, _ => source.Cancel(), source.Token));
        Assert.Equal(1, sampler.Evaluations);
        Assert.Equal(0, backend.LiveSessions);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(double.NaN)]
    public void AdaptiveFlowSampler_ToleranceOutsideItsRange_IsRefused(double tolerance)
    {
        using GaussianBackend backend = new();
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new AdaptiveFlowSampler(backend, GaussianBackend.Model, tolerance));
    }

    // The flow of N(m, s²) keeps u = (x - α·m)/√(α²s² + σ²), and the clean estimate is linear in x.
    private static double Error(string name, double tolerance, out int evaluations)
    {
        using GaussianBackend backend = new();
        NoiseSchedule schedule = NoiseSchedules.Parse(name);
        TextureRequest request = _request with { Schedule = schedule };
        AdaptiveFlowSampler sampler = new(backend, GaussianBackend.Model, tolerance);
        float[] sample = sampler.Sample(request);
        evaluations = sampler.Evaluations;

        using DiffusionRuntime runtime = new(backend, GaussianBackend.Model, new RuntimeOptions { Clock = backend.Clock });
        TextureHandle handle = runtime.Submit(request with { Times = new[] { schedule.MaxTime } });
        runtime.Tick(TimeSpan.FromMilliseconds(1));
        SampleRing ring = runtime.GetSamples(handle);
        float[] noise = [.. ring.Sample(ring.CurrentSlot)];

        NoiseLevel first = schedule.At(schedule.MaxTime);
        NoiseLevel last = schedule.AtLambda(schedule.At(schedule.MinTime).Lambda);
        double worst = 0;
        for (int i = 0; i < sample.Length; i++)
        {
            double u = (noise[i] - (first.Alpha * GaussianBackend.Mean)) / Deviation(first);
            double x = (last.Alpha * GaussianBackend.Mean) + (Deviation(last) * u);
            worst = Math.Max(worst, Math.Abs(sample[i] - GaussianBackend.Denoise(x, last)));
        }

        return worst;
    }

    private static double Deviation(NoiseLevel level) => Math.Sqrt(
        (level.Alpha * level.Alpha * GaussianBackend.Deviation * GaussianBackend.Deviation) + (level.Sigma * level.Sigma));
}
