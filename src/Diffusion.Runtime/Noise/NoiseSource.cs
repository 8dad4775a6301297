namespace Diffusion.Runtime.Noise;

/// <summary>
/// The noise of one chain, as a function of (seed, chain, step, world pixel, channel) and not a stream.
/// </summary>
/// <remarks>
/// Philox4x32-10 with key = seed and counter = (worldX, worldY, step, chain·256 + channel / 4); the four words become
/// four normals by two Box-Muller transforms, one per channel of the group. Random access: the same words on every
/// backend, thread count and tile. Pure data; any thread. [Salmon11]
/// </remarks>
/// <param name="Seed">The texture's seed.</param>
/// <param name="Chain">Distinguishes chains of one seed, 0 .. 2^24 - 1.</param>
/// <param name="OriginX">World x coordinate of the canvas's first pixel; coordinates wrap modulo 2^32.</param>
/// <param name="OriginY">World y coordinate of the canvas's first pixel.</param>
public readonly record struct NoiseSource(ulong Seed, uint Chain = 0, int OriginX = 0, int OriginY = 0)
{
    /// <summary>The seed at the other end of <see cref="Variation"/>.</summary>
    public ulong VariationSeed { get; init; }

    /// <summary>
    /// How far the noise of every step lies on the arc from that of <see cref="Seed"/> to that of <see
    /// cref="VariationSeed"/>, in [0, 1]; the ends are theirs to the bit. [Shoemake85]
    /// </summary>
    /// <remarks>
    /// z = cos(t·π/2)·z_1 + sin(t·π/2)·z_2: slerp with the right angle that independent fields have between them but
    /// for chance. The measured angle would differ by a little, and depend on the whole canvas; so each pixel is
    /// standard normal for every t, and tiles agree where they overlap.
    /// </remarks>
    public float Variation { get; init; }

    /// <summary>The factors of the two seeds' noise; their squares sum to 1.</summary>
    public (float Own, float Other) Weights => Variation == 0 || VariationSeed == Seed ? (1, 0)
        : Variation == 1 ? (0, 1)
        : (MathF.Cos(Variation * (MathF.PI / 2)), MathF.Sin(Variation * (MathF.PI / 2)));
}
