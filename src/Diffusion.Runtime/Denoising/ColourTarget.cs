using System.Numerics;

namespace Diffusion.Runtime.Denoising;

/// <summary>The colours that a texture is given while it is made: their mean, and how they spread about it.</summary>
/// <remarks>
/// At the end of each evaluation the clean estimate's colours are moved as a whole, by one affine map of all pixels, so
/// that the network sees the new colours and goes on in them. Colours are as in the texture: red, green and blue in
/// [-1, 1], sRGB's 0 and 255. Immutable; any thread. [Reinhard01]
/// </remarks>
public sealed record ColourTarget
{
    /// <summary>The mean colour, each channel in [-1, 1].</summary>
    public required Vector3 Mean { get; init; }

    /// <summary>
    /// The covariance of the colours over the pixels, or null (the default) to leave that to the texture.
    /// </summary>
    public ColourCovariance? Covariance { get; init; }

    /// <summary>
    /// How far an estimate's colours are moved towards these, in [0, 1]; at 1 (the default) the last has them. Each
    /// step moves them by the share of what is left, so that 0.5 comes nearer than half.
    /// </summary>
    public float Strength { get; init; } = 1;

    /// <summary>The colours of a picture: the mean of its pixels and their covariance.</summary>
    /// <param name="pixels">Planar [3, N], in [-1, 1]; N at least 1. Read during the call.</param>
    /// <param name="strength">See <see cref="Strength"/>.</param>
    /// <exception cref="ArgumentException">The length is not a positive multiple of 3.</exception>
    public static ColourTarget OfPicture(ReadOnlySpan<float> pixels, float strength = 1)
    {
        if (pixels.Length == 0 || pixels.Length % 3 != 0)
        {
            throw new ArgumentException(
                $"The picture holds {pixels.Length} values; it must be three for each of its pixels, at least one.",
                nameof(pixels));
        }

        (Vector3 mean, ColourCovariance covariance) = ColourCovariance.Of(pixels);
        return new ColourTarget { Mean = mean, Covariance = covariance, Strength = strength };
    }

    /// <summary>The values are in range, and the covariance is one.</summary>
    /// <exception cref="ArgumentException">They are not; the message names the value and the rule.</exception>
    internal void Check()
    {
        for (int channel = 0; channel < 3; channel++)
        {
            if (!(Mean[channel] is >= -1 and <= 1))
            {
                throw new ArgumentException($"Colours.Mean must be from -1 to 1 in each channel, not {Mean}.");
            }
        }

        if (!(Strength is >= 0 and <= 1))
        {
            throw new ArgumentException($"Colours.Strength must be from 0 to 1, not {Strength}.");
        }

        if (Covariance is { IsValid: false })
        {
            throw new ArgumentException(
                $"Colours.Covariance must be finite and have no negative variance in any direction, not {Covariance}.");
        }
    }
}
