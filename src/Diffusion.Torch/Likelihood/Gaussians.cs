using static TorchSharp.torch;

namespace Diffusion.Torch.Likelihood;

/// <summary>What the variational bound is made of, for each dimension, in nats.</summary>
/// <remarks>Results are attached to the caller's dispose scope.</remarks>
internal static class Gaussians
{
    /// <summary>ln of the least probability that training tells from others.</summary>
    private static readonly double _leastLogProbability = Math.Log(1e-12);

    /// <summary>Half the distance of neighbouring pixel values: 256 of them from -1 to 1.</summary>
    private const double HalfBin = 1.0 / 255;

    // Two ends of a bin whose logarithms differ by less are taken to differ by this: ln 0 has no gradient.
    private const double LeastDifference = 1e-30;

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
    /// <param name="x">Pixels that are k/127.5 - 1 for k of 0 to 255.</param>
    /// <param name="mean">The Gaussian's mean.</param>
    /// <param name="logVariance">The logarithm of its variance.</param>
    /// <returns>float64, finite however far off the mean is, with finite gradients.</returns>
    public static Tensor DiscretizedLogLikelihood(Tensor x, Tensor mean, Tensor logVariance)
    {
        Tensor pixels = x.to(float64);
        Tensor scale = (-0.5 * logVariance.to(float64)).exp();
        Tensor centre = pixels - mean.to(float64);
        Tensor above = (centre + HalfBin) * scale;
        Tensor below = (centre - HalfBin) * scale;

        // Both ends mirrored to the side where the mass is small, so that the difference keeps its digits.
        Tensor mirrored = centre > 0;
        Tensor logUpper = LogBelow(where(mirrored, -below, above));
        Tensor logLower = LogBelow(where(mirrored, -above, below));
        Tensor inner = logUpper + (-(logLower - logUpper).clamp_max(-LeastDifference).expm1()).log();
        Tensor outer = where(pixels < 0, LogBelow(above), LogBelow(-below));
        return where(pixels.abs() > 1 - HalfBin, outer, inner);
    }

    /// <summary>
    /// -<see cref="DiscretizedLogLikelihood"/> as training minimises it: float32, and flat beyond 1e-12, where a decoder
    /// that is far off would drown every other gradient.
    /// </summary>
    public static Tensor DecoderLoss(Tensor x, Tensor mean, Tensor logVariance) =>
        -DiscretizedLogLikelihood(x, mean, logVariance).clamp_min(_leastLogProbability).to(float32);

    // ln of the normal distribution function. erfc keeps its relative accuracy down to 1e-308, at 37 deviations; beyond
    // 30, the leading term of its asymptotic series.
    private static Tensor LogBelow(Tensor z)
    {
        Tensor near = (0.5 * (z.clamp_min(-30) * -Math.Sqrt(0.5)).erfc()).log();
        Tensor far = (-0.5 * z.square()) - (-z).clamp_min(1).log() - (0.5 * Math.Log(2 * Math.PI));
        return where(z < -30, far, near);
    }
}
