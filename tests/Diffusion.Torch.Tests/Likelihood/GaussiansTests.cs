using Diffusion.Torch.Likelihood;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests.Likelihood;

public sealed class GaussiansTests
{
    // Float32 rounding of sums of a few terms of order 1 to 100.
    private const double Tolerance = 1e-4;

    [Theory]
    [InlineData(0.3, -1.0, 0.3, -1.0, 0.0)]
    [InlineData(1.0, 0.0, 0.0, 0.0, 0.5)]
    [InlineData(0.0, 1.3862943611, 0.0, 0.0, 0.8068528194)] // variance 4 from 1: ½·(4 - 1 - ln 4)
    [InlineData(0.0, 0.0, 1.0, 1.3862943611, 0.4431471806)] // and the other way: ½·(ln 4 + (1 + 1)/4 - 1)
    public void KullbackLeibler_TwoGaussians_IsTheValueByHand(
        double mean, double logVariance, double otherMean, double otherLogVariance, double expected)
    {
        using var scope = NewDisposeScope();
        Tensor One(double value) => tensor(new[] { (float)value });

        Tensor result = Gaussians.KullbackLeibler(
            One(mean), One(logVariance), One(otherMean), One(otherLogVariance));

        Assert.Equal(expected, result.item<float>(), Tolerance);
    }

    [Theory]
    [InlineData(0.0, 0.3)]
    [InlineData(0.5, 0.002)]
    [InlineData(-0.99, 0.02)]
    [InlineData(1.4, 0.5)]
    public void DiscretizedLogLikelihood_All256Values_SumsToOne(double mean, double deviation)
    {
        using var scope = NewDisposeScope();
        Tensor x = (arange(256, dtype: float32) / 127.5) - 1;

        Tensor log = Gaussians.DiscretizedLogLikelihood(
            x, full_like(x, mean), full_like(x, 2 * Math.Log(deviation)));

        Assert.Equal(1, log.exp().sum().item<float>(), Tolerance);
    }

    [Fact]
    public void DiscretizedLogLikelihood_FarInTheTail_KeepsItsDigits()
    {
        using var scope = NewDisposeScope();
        Tensor x = tensor(new[] { (200 / 127.5f) - 1 });
        double deviation = 0.1;
        double mean = x.item<float>() - (5 * deviation);

        Tensor log = Gaussians.DiscretizedLogLikelihood(
            x, full_like(x, mean), full_like(x, 2 * Math.Log(deviation)));

        // Five deviations away: the density's midpoint times the width, and its curvature (1/24·width²·(z²-1)/σ²).
        double z = 5;
        double width = 2 / 255.0 / deviation;
        double expected = (-0.5 * z * z) - (0.5 * Math.Log(2 * Math.PI)) + Math.Log(width)
            + double.LogP1(width * width * ((z * z) - 1) / 24);
        Assert.Equal(expected, log.item<float>(), 2e-3);
    }
}
