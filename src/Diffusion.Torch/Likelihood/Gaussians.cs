using static TorchSharp.torch;

namespace Diffusion.Torch.Likelihood;

/// <summary>What the variational bound is made of, for each dimension, in nats.</summary>
/// <remarks>Results are attached to the caller's dispose scope.</remarks>
internal static class Gaussians
{
    /// <summary>Least probability whose logarithm is taken.</summary>
    private const double LeastProbability = 1e-12;

    /// <summary>Half the distance of neighbouring pixel values: 256 of them from -1 to 1.</summary>
    private const double HalfBin = 1.0 / 255;

    /// <summary>D_KL of N(mean, e^logVariance) from N(otherMean, e^otherLogVariance). [Ho20, Eq. 8]</summary>
    public static Tensor KullbackLeibler(Tensor mean, Tensor logVariance, Tensor otherMean, Tensor otherLogVariance)
    {
        var difference = mean - otherMean;
        return 0.5 * (otherLogVariance - logVariance - 1 + (logVariance - otherLogVariance).exp()
            + (difference * difference * (-otherLogVariance).exp()));
    }

    /// <summary>
    /// ln of the mass that a Gaussian gives to a pixel's own 256-th of [-1, 1], the outermost reaching to infinity.
    /// [Ho20, Eq. 13]
    /// </summary>
    /// <remarks>
    /// For training, in float32: the floor keeps gradients finite where a decoder is far off. <see
    /// cref="VariationalBound"/> has one that keeps the tail instead.
    /// </remarks>
    /// <param name="x">Pixels that are k/127.5 - 1 for k of 0 to 255.</param>
    /// <param name="mean">The Gaussian's mean.</param>
    /// <param name="logVariance">The logarithm of its variance.</param>
    public static Tensor DiscretizedLogLikelihood(Tensor x, Tensor mean, Tensor logVariance)
    {
        var precision = (-0.5 * logVariance).exp();
        var centre = x - mean;
        var upper = (centre + HalfBin) * precision;
        var lower = (centre - HalfBin) * precision;

        // By symmetry the bin is moved below the mean, where the distribution function keeps its digits.
        var distance = -centre.abs();
        var inner = BelowOf((distance + HalfBin) * precision) - BelowOf((distance - HalfBin) * precision);
        var mass = where(x < -1 + HalfBin, BelowOf(upper), where(x > 1 - HalfBin, BelowOf(-lower), inner));
        return mass.clamp_min(LeastProbability).log();
    }

    private static Tensor BelowOf(Tensor z) => 0.5 * (z * -Math.Sqrt(0.5)).erfc();
}
