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
public readonly record struct NoiseSource(ulong Seed, uint Chain = 0, int OriginX = 0, int OriginY = 0);
