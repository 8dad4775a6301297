using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Diffusion.Runtime.Noise;

/// <summary>Standard normal fields from a <see cref="NoiseSource"/>.</summary>
/// <remarks>
/// Each value depends on its world pixel alone: every pixel goes through the same vector code, the last few of a row
/// too, so that threads, tiles and canvas sizes cannot change a bit. Any thread; allocates nothing on one thread.
/// </remarks>
public static unsafe class GaussianNoise
{
    // Pixels of a row in flight: the words and normals of a chunk, 2 KB, stay in the first-level cache.
    private const int ChunkLength = 64;
    private const int WordsPerCounter = 4;

    /// <summary>Fills an image with z ~ N(0, 1).</summary>
    /// <param name="destination">Planar [C, H, W] float32, exactly <paramref name="channels"/>·H·W long.</param>
    /// <param name="width">W in pixels, at least 1.</param>
    /// <param name="height">H in pixels, at least 1.</param>
    /// <param name="channels">C, 1 .. 1024.</param>
    /// <param name="source">The noise function.</param>
    /// <param name="step">The function's step coordinate: 0 for the start of a chain, then the number of the
    /// step.</param>
    /// <param name="threads">Threads that share the rows, at least 1; the result does not depend on it.</param>
    /// <exception cref="ArgumentException">The length is not C·H·W.</exception>
    public static void Fill(
        Span<float> destination, int width, int height, int channels, NoiseSource source, int step, int threads = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(channels, 1024);
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        if (destination.Length != (long)channels * width * height)
        {
            throw new ArgumentException(
                $"The destination holds {destination.Length} values, not {channels}x{height}x{width}.",
                nameof(destination));
        }

        fixed (float* planes = destination)
        {
            if (threads == 1)
            {
                FillRows(planes, width, height, channels, source, step, 0, height);
            }
            else
            {
                FillParallel(planes, width, height, channels, source, step, threads);
            }
        }
    }

    // On its own, since the closure of a lambda is allocated at the entry of its method.
    private static void FillParallel(
        float* planes, int width, int height, int channels, NoiseSource source, int step, int threads)
    {
        nint address = (nint)planes;
        Parallel.For(0, threads, part => FillRows(
            (float*)address, width, height, channels, source, step,
            (int)((long)height * part / threads), (int)((long)height * (part + 1) / threads)));
    }

    private static void FillRows(
        float* planes, int width, int height, int channels, NoiseSource source, int step, int firstRow, int endRow)
    {
        for (int y = firstRow; y < endRow; y++)
        {
            FillRow(planes + ((long)y * width), (long)width * height, width, y, channels, source, step);
        }
    }

    /// <summary>
    /// Fills one row of every channel's plane; <c>row</c> stands in the first, <c>planeStride</c> floats before the
    /// next.
    /// </summary>
    // Optimised at once: as first compiled, a 128x128 canvas takes 9 ms in place of 1, just when a game has begun.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void FillRow(
        float* row, long planeStride, int width, int y, int channels, in NoiseSource source, int step)
    {
        uint* words = stackalloc uint[WordsPerCounter * ChunkLength];
        float* normals = stackalloc float[WordsPerCounter * ChunkLength];
        float* others = stackalloc float[WordsPerCounter * ChunkLength];
        (float own, float other) = source.Weights;
        uint worldY = unchecked((uint)(source.OriginY + y));
        for (int group = 0; group * WordsPerCounter < channels; group++)
        {
            uint chainWord = unchecked((source.Chain << 8) + (uint)group);
            int groupChannels = Math.Min(WordsPerCounter, channels - (group * WordsPerCounter));
            for (int x = 0; x < width; x += ChunkLength)
            {
                int count = Math.Min(ChunkLength, width - x);
                uint worldX = unchecked((uint)(source.OriginX + x));
                DrawWords(words, count, worldX, worldY, unchecked((uint)step), chainWord, source.Seed);
                BoxMullers(words, normals, count, groupChannels);
                if (other != 0)
                {
                    DrawWords(words, count, worldX, worldY, unchecked((uint)step), chainWord, source.VariationSeed);
                    BoxMullers(words, others, count, groupChannels);
                    Mix(normals, own, others, other);
                }

                for (int channel = 0; channel < groupChannels; channel++)
                {
                    float* target = row + (((group * WordsPerCounter) + channel) * planeStride) + x;
                    ReadOnlySpan<float> drawn = new(normals + (channel * ChunkLength), count);
                    drawn.CopyTo(new Span<float>(target, count));
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DrawWords(
        uint* words, int count, uint worldX, uint worldY, uint step, uint chainWord, ulong seed)
    {
        for (int i = 0; i < count; i++)
        {
            uint c0 = unchecked(worldX + (uint)i);
            (uint c1, uint c2, uint c3) = (worldY, step, chainWord);
            Philox4x32.Generate(ref c0, ref c1, ref c2, ref c3, (uint)seed, (uint)(seed >> 32));
            words[i] = c0;
            words[i + ChunkLength] = c1;
            words[i + (2 * ChunkLength)] = c2;
            words[i + (3 * ChunkLength)] = c3;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BoxMullers(uint* words, float* normals, int count, int channels)
    {
        for (int pair = 0; 2 * pair < channels; pair++)
        {
            long offset = 2L * pair * ChunkLength;
            BoxMuller(words + offset, normals + offset, count);
        }
    }

    // [Shoemake85] z = cos(t·π/2)·z_1 + sin(t·π/2)·z_2, of the whole chunk: what was not drawn is not read later.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mix(float* normals, float own, float* others, float other)
    {
        for (int i = 0; i < WordsPerCounter * ChunkLength; i += Vector256<float>.Count)
        {
            Vector256<float> sum = (Vector256.Load(normals + i) * own) + (Vector256.Load(others + i) * other);
            sum.Store(normals + i);
        }
    }

    // [BoxMuller58] z_0 = √(-2·ln u_1)·cos(2π·u_2), z_1 = √(-2·ln u_1)·sin(2π·u_2)
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BoxMuller(uint* words, float* normals, int count)
    {
        for (int i = 0; i < count; i += Vector256<float>.Count)
        {
            Vector256<float> u1 = ToUnitInterval(Vector256.Load(words + i));
            Vector256<float> u2 = ToUnitInterval(Vector256.Load(words + i + ChunkLength));
            Vector256<float> radius = Vector256.Sqrt(Vector256.Log(u1) * -2f);
            (Vector256<float> sine, Vector256<float> cosine) = Vector256.SinCos(u2 * (2 * float.Pi));
            (radius * cosine).Store(normals + i);
            (radius * sine).Store(normals + i + ChunkLength);
        }
    }

    // (0, 1], so that the logarithm is finite: 2^-33 at word 0, and 1 at the largest.
    private static Vector256<float> ToUnitInterval(Vector256<uint> words) =>
        (Vector256.ConvertToSingle(words) * (1f / 4294967296f)) + Vector256.Create(1f / 8589934592f);
}
