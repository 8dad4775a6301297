using System.Numerics;

namespace Diffusion.Runtime.Denoising;

/// <summary>The covariance of red, green and blue over the pixels of a picture: a symmetric matrix, by its upper
/// half.</summary>
/// <param name="RedRed">Variance of red.</param>
/// <param name="RedGreen">Covariance of red and green.</param>
/// <param name="RedBlue">Covariance of red and blue.</param>
/// <param name="GreenGreen">Variance of green.</param>
/// <param name="GreenBlue">Covariance of green and blue.</param>
/// <param name="BlueBlue">Variance of blue.</param>
public readonly record struct ColourCovariance(
    float RedRed, float RedGreen, float RedBlue, float GreenGreen, float GreenBlue, float BlueBlue)
{
    // What float32 values of a degenerate matrix may seem to be below zero, relative to its trace.
    private const double Rounding = 1e-5;

    /// <summary>Whether it is finite and positive semidefinite.</summary>
    internal bool IsValid
    {
        get
        {
            double trace = RedRed + GreenGreen + BlueBlue;
            if (!double.IsFinite(trace + RedGreen + RedBlue + GreenBlue))
            {
                return false;
            }

            (_, (double X, double Y, double Z) values) = SymmetricMatrix.Of(this).Decompose();
            return Math.Min(values.X, Math.Min(values.Y, values.Z)) >= -Rounding * trace;
        }
    }

    /// <summary>Mean and covariance of planar [3, N].</summary>
    internal static (Vector3 Mean, ColourCovariance Covariance) Of(ReadOnlySpan<float> pixels)
    {
        int count = pixels.Length / 3;
        ReadOnlySpan<float> reds = pixels[..count];
        ReadOnlySpan<float> greens = pixels.Slice(count, count);
        ReadOnlySpan<float> blues = pixels[(2 * count)..];
        (double r, double g, double b) = (0, 0, 0);
        (double rr, double rg, double rb, double gg, double gb, double bb) = (0, 0, 0, 0, 0, 0);
        for (int i = 0; i < count; i++)
        {
            (double red, double green, double blue) = (reds[i], greens[i], blues[i]);
            (r, g, b) = (r + red, g + green, b + blue);
            (rr, rg, rb) = (rr + (red * red), rg + (red * green), rb + (red * blue));
            (gg, gb, bb) = (gg + (green * green), gb + (green * blue), bb + (blue * blue));
        }

        (r, g, b) = (r / count, g / count, b / count);
        return (
            new Vector3((float)r, (float)g, (float)b),
            new ColourCovariance(
                (float)((rr / count) - (r * r)), (float)((rg / count) - (r * g)), (float)((rb / count) - (r * b)),
                (float)((gg / count) - (g * g)), (float)((gb / count) - (g * b)), (float)((bb / count) - (b * b))));
    }
}
