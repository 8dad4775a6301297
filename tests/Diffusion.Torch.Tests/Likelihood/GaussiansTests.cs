using Diffusion.Torch.Likelihood;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests.Likelihood;

public sealed class GaussiansTests
{
    // Float32 rounding of sums of a few terms of order 1 to 100.
    private const double Tolerance = 1e-4;

    private static readonly float[] _pixels = [-1, 0.2f, 1];
    private static readonly float[] _means = [0.9f, 0.19f, 0.9f];

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

        Assert.Equal(1, log.exp().sum().item<double>(), Tolerance);
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
        Assert.Equal(expected, log.item<double>(), 2e-3);
    }

    [Theory]
    [InlineData(36)]
    [InlineData(200)]
    public void DiscretizedLogLikelihood_BeyondTheRangeOfFloats_IsTheAsymptoticSeries(double z)
    {
        using var scope = NewDisposeScope();
        const double Deviation = 0.002;
        Tensor x = tensor(new[] { (128 / 127.5) - 1 });
        Tensor mean = (x - (z * Deviation)).requires_grad_();

        Tensor log = Gaussians.DiscretizedLogLikelihood(x, mean, full_like(x, 2 * Math.Log(Deviation)));
        log.sum().backward();

        // Φ(-y) ≈ φ(y)/y·(1 - 1/y²) at the bin's nearer end, beside which the farther one is nothing.
        double y = z - (1 / 255.0 / Deviation);
        double expected = (-0.5 * y * y) - Math.Log(y) - (0.5 * Math.Log(2 * Math.PI)) - (1 / (y * y));
        Assert.Equal(expected, log.item<double>(), 2e-3);

        // Its derivative in the mean is the hazard y + 1/y over the deviation.
        Assert.Equal(1, mean.grad!.item<double>() * Deviation / (y + (1 / y)), 1e-3);
    }

    [Fact]
    public void DecoderLoss_FarFromTheMean_IsFlatAndElsewhereTheLikelihood()
    {
        using var scope = NewDisposeScope();
        Tensor x = tensor(_pixels);
        Tensor mean = tensor(_means).requires_grad_();
        Tensor logVariance = full_like(x, 2 * Math.Log(0.05));

        Tensor loss = Gaussians.DecoderLoss(x, mean, logVariance);
        loss.sum().backward();

        Tensor exact = -Gaussians.DiscretizedLogLikelihood(x, mean, logVariance);
        Assert.Equal(-Math.Log(1e-12), loss[0].item<float>(), 1e-4);
        Assert.Equal(0, mean.grad![0].item<float>());
        Assert.Equal(exact[1].item<double>(), loss[1].item<float>(), 1e-5);
        Assert.Equal(exact[2].item<double>(), loss[2].item<float>(), 1e-5);
    }
}
