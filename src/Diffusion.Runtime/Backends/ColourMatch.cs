using System.Numerics;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Runtime.Backends;

/// <summary>Gives a clean estimate other colours: one affine map of all pixels.</summary>
/// <remarks>
/// D' = D + s·(m - μ) + s·τ·(A - 1)·(D - μ), with μ and C the mean and covariance of D's pixels, m and C_m those that
/// are asked for, and A the symmetric map that makes C into C_m and moves colours least. [Pitie07]
/// </remarks>
internal static class ColourMatch
{
    /// <summary>
    /// Added to all variances: a step of 8 bits, so that what is no colour but rounding is not stretched into one.
    /// </summary>
    public const double LeastVariance = (2 / 255.0) * (2 / 255.0);

    /// <summary>
    /// τ: how much of the covariance is matched, α²/(α² + σ²) of the level that the step leads to. An estimate from
    /// much noise is a mean of many images and spreads less than any of them; the last one is the image, and has all of
    /// it.
    /// </summary>
    public static float SpreadShare(NoiseLevel target) =>
        target.IsClean ? 1 : (float)(1 / (1 + (target.Ratio * target.Ratio)));

    /// <summary>Moves D's colours, then clamps.</summary>
    /// <param name="denoised">D, planar [3, H, W], changed in place.</param>
    /// <param name="target">The colours.</param>
    /// <param name="spreadShare">τ.</param>
    /// <param name="limit">The range's end; infinity leaves D alone.</param>
    public static void Apply(Span<float> denoised, ColourTarget target, float spreadShare, float limit)
    {
        (Vector3 mean, ColourCovariance covariance) = ColourCovariance.Of(denoised);
        SymmetricMatrix map = target.Covariance is { } wanted
            ? Map(covariance, wanted, target.Strength * spreadShare)
            : SymmetricMatrix.Diagonal(1);
        Vector3 centre = mean + (target.Strength * (target.Mean - mean));
        int plane = denoised.Length / SampleRing.Channels;
        Span<float> reds = denoised[..plane];
        Span<float> greens = denoised.Slice(plane, plane);
        Span<float> blues = denoised[(2 * plane)..];
        for (int i = 0; i < plane; i++)
        {
            (double r, double g, double b) = map.Times(reds[i] - mean.X, greens[i] - mean.Y, blues[i] - mean.Z);
            reds[i] = Math.Clamp((float)(centre.X + r), -limit, limit);
            greens[i] = Math.Clamp((float)(centre.Y + g), -limit, limit);
            blues[i] = Math.Clamp((float)(centre.Z + b), -limit, limit);
        }
    }

    // [Pitie07] A = C^-½·(C^½·C_m·C^½)^½·C^-½, of which the share is taken
    private static SymmetricMatrix Map(ColourCovariance covariance, ColourCovariance wanted, float share)
    {
        SymmetricMatrix least = SymmetricMatrix.Diagonal(LeastVariance);
        (SymmetricMatrix root, SymmetricMatrix inverse) = (SymmetricMatrix.Of(covariance) + least).Root();
        SymmetricMatrix whole = inverse.Around(root.Around(SymmetricMatrix.Of(wanted) + least).RootOnly());
        return SymmetricMatrix.Diagonal(1 - share) + (share * whole);
    }
}
