using Diffusion.Runtime.Numerics;
using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Likelihood;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests.Likelihood;

public sealed class FlowLikelihoodTests
{
    private static readonly ClosedForm _data = new(0.3, 0.5);

    [Theory]
    [InlineData("linear")]
    [InlineData("cosine")]
    [InlineData("vp")]
    [InlineData("ve")]
    public void LogDensity_GaussianData_IsTheGaussiansLogDensity(string name)
    {
        // Nats a value: the cleanest level's noise of at most 0.03 beside 0.5 gives up to 4e-4·(1 - z²), averaged; the
        // prior's mismatch of α_T² is below 1e-4.
        const double Tolerance = 1e-3;
        NoiseSchedule schedule = NoiseSchedules.Parse(name);
        using var scope = NewDisposeScope();
        Tensor x = _data.Draw(1, quantised: false, 3, 3, 8, 8);

        double[] nats = new FlowLikelihood(schedule, _data.Denoiser).LogDensity(x, null, 1);

        double[] expected = _data.LogDensity(x);
        for (int n = 0; n < nats.Length; n++)
        {
            Assert.Equal(expected[n] / 192, nats[n] / 192, Tolerance);
        }
    }

    [Fact]
    public void LogDensity_GaussianDataAndTheFirstLevelsNoise_AgreesToTheSolversTolerance()
    {
        // Float32 in the denoiser and the solver's 1e-7; what is left is α_T² = 2e-9 of the cosine schedule.
        const double Tolerance = 1e-5;
        NoiseSchedule schedule = NoiseSchedules.Cosine();
        using var scope = NewDisposeScope();
        Tensor x = _data.Draw(2, quantised: false, 2, 1, 8, 8);
        FlowLikelihood likelihood = new(schedule, _data.Denoiser) { Tolerance = 1e-7 };

        double[] nats = likelihood.LogDensity(x, null, 1);

        double[] expected = _data.LogDensity(x, schedule.At(0).Ratio);
        Assert.Equal(expected[0] / 64, nats[0] / 64, Tolerance);
        Assert.Equal(expected[1] / 64, nats[1] / 64, Tolerance);
        Assert.InRange(likelihood.Evaluations, 20, 2000);
    }

    [Theory]
    [InlineData(TraceProbe.Rademacher)]
    [InlineData(TraceProbe.Gaussian)]
    public void LogDensity_CorrelatedData_IsRightOnAverageOverProbes(TraceProbe probe)
    {
        // Pairs of values with correlation 0.8: the Jacobian is not diagonal, so that the trace is an estimate.
        const int Count = 40_000;
        using var scope = NewDisposeScope();
        Tensor covariance = 0.25 * tensor([1.0, 0.8, 0.8, 1.0], [2, 2]);
        Tensor one = tensor([0.4f, -0.1f], [1, 1, 1, 2]);
        NoiseSchedule schedule = NoiseSchedules.Cosine();
        FlowLikelihood likelihood = new(schedule, Denoise) { Probe = probe };

        double[] nats = likelihood.LogDensity(one.expand(Count, 1, 1, 2), null, 3);

        double noise = schedule.At(0).Ratio;
        Tensor total = covariance + (noise * noise * eye(2, dtype: float64));
        Tensor flat = one.to(float64).reshape(1, 2);
        double expected = (-0.5 * flat.mm(total.inverse()).mm(flat.t()).item<double>())
            - (0.5 * Math.Log(total.det().item<double>())) - Math.Log(2 * Math.PI);
        double mean = nats.Average();
        double error = Math.Sqrt(nats.Sum(n => (n - mean) * (n - mean)) / Count / Count);
        Assert.InRange(Math.Abs(mean - expected), 0, (4 * error) + 1e-3);
        Assert.InRange(error, 1e-4, 0.05);

        (Tensor, Tensor?) Denoise(Tensor x, NoiseLevel level, Tensor? label)
        {
            Tensor marginal = (level.Alpha * level.Alpha * covariance) + (level.Sigma * level.Sigma * eye(2, dtype: float64));
            Tensor gain = (level.Alpha * covariance.mm(marginal.inverse())).to(float32);
            return (x.matmul(gain), null);
        }
    }

    [Fact]
    public void BitsPerDimension_QuantisedGaussian_IsItsCrossEntropy()
    {
        // Dequantising and the first level's noise spread 0.2 by (0.0023² + 0.0064²)/0.2², together below 1e-3 bits.
        const double Tolerance = 2e-3;
        ClosedForm data = new(0.1, 0.2);
        using var scope = NewDisposeScope();
        Tensor pictures = data.Draw(4, quantised: true, 16, 3, 16, 16);

        double[] bits = new FlowLikelihood(NoiseSchedules.Cosine(), data.Denoiser).BitsPerDimension(pictures, null, 5);

        // The quantised sample's own -log2 of the density, plus the offset: no sampling error between the two.
        double expected = FlowLikelihood.OffsetInBits
            - (data.LogDensity(pictures).Average() / (768 * Math.Log(2)));
        Assert.Equal(expected, bits.Average(), Tolerance);
        Assert.Equal(data.EntropyInBits, bits.Average(), 0.03);
    }

    [Fact]
    public void BitsPerDimension_DiffusedQuantisedGaussian_IsItsEntropy()
    {
        ClosedForm data = new(0.1, 0.2);
        using var scope = NewDisposeScope();
        Tensor pictures = data.Draw(4, quantised: true, 32, 3, 16, 16);
        FlowLikelihood likelihood =
            new(NoiseSchedules.Cosine(), data.Denoiser) { Dequantization = Dequantization.Diffusion };

        // 24,576 draws of two noises.
        Assert.Equal(data.EntropyInBits, likelihood.BitsPerDimension(pictures, null, 5).Average(), 0.03);
    }

    [Fact]
    public void BitsPerDimension_KnownPixel_CostsTheFlowsNoiseOnlyWhenDequantisedUniformly()
    {
        // Every pixel is byte 0: no information. The flow's Gaussian has a deviation of 0.82 bytes, under which the
        // uniform byte costs log2(0.82·√(2π)) + 1/(24·0.82²·ln 2) = 1.12 bits; the decoder's leaves 0.45 bits beyond
        // the bin's edge.
        ClosedForm data = new(-1, 1e-4);
        using var scope = NewDisposeScope();
        Tensor pictures = full([8, 3, 8, 8], -1f);

        double uniform = new FlowLikelihood(NoiseSchedules.Cosine(), data.Denoiser).BitsPerDimension(pictures, null, 5).Average();
        double diffused = new FlowLikelihood(NoiseSchedules.Cosine(), data.Denoiser)
        {
            Dequantization = Dequantization.Diffusion,
        }.BitsPerDimension(pictures, null, 5).Average();

        Assert.Equal(1.12, uniform, 0.03);
        Assert.InRange(diffused, 0.35, 0.55);
    }

    [Fact]
    public void BitsPerDimension_SameSeed_IsTheSameNumber()
    {
        using var scope = NewDisposeScope();
        Tensor pictures = _data.Draw(6, quantised: true, 2, 1, 4, 4);
        FlowLikelihood likelihood = new(NoiseSchedules.Cosine(), _data.Denoiser);

        double[] once = likelihood.BitsPerDimension(pictures, null, 7);

        Assert.Equal(once, likelihood.BitsPerDimension(pictures, null, 7));
        Assert.NotEqual(once, likelihood.BitsPerDimension(pictures, null, 8));
    }

    [Fact]
    public void LogDensity_NetworkFrozenAndNoGradOutside_DiffersNotFromTheCallWithout()
    {
        using var scope = NewDisposeScope();
        using var network = TestNetworks.Create(TestNetworks.Plain);
        Runtime.Models.ModelDescription model = new() { Schedule = NoiseSchedules.Cosine() };
        FlowLikelihood likelihood = new(model.Schedule, new NetworkDenoiser(network, model).Denoise) { Tolerance = 1e-2 };
        Tensor x = _data.Draw(6, quantised: true, 1, 3, 8, 8);
        double[] tracked = likelihood.LogDensity(x, null, 7);

        using var frozen = no_grad();

        Assert.Equal(tracked, likelihood.LogDensity(x, null, 7));
        Assert.All(tracked, value => Assert.True(double.IsFinite(value)));
    }

    [Fact]
    public void LogDensity_OutOfEvaluations_SaysSoAndLeaksNoTensor()
    {
        using var scope = NewDisposeScope();
        Tensor x = _data.Draw(1, quantised: false, 1, 1, 4, 4);
        FlowLikelihood likelihood = new(NoiseSchedules.Cosine(), _data.Denoiser) { MaxEvaluations = 20 };
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        Assert.Throws<IntegrationException>(() => likelihood.LogDensity(x, null, 1));

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void BitsPerDimension_Twice_LeaksNoTensor()
    {
        using var scope = NewDisposeScope();
        using var network = TestNetworks.Create(TestNetworks.Plain);
        Runtime.Models.ModelDescription model = new() { Schedule = NoiseSchedules.Cosine() };
        FlowLikelihood likelihood = new(model.Schedule, new NetworkDenoiser(network, model).Denoise) { Tolerance = 1e-2 };
        Tensor x = _data.Draw(6, quantised: true, 1, 3, 8, 8);
        likelihood.BitsPerDimension(x, null, 7);
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        likelihood.BitsPerDimension(x, null, 7);

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }
}
