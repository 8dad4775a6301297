using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Diffusion.Render.Sharing;

/// <summary>What planar_to_rgba.comp does, on the host: planar floats to RGBA8, bit for bit the same.</summary>
/// <remarks>
/// Staging packs while it copies: a third of the bytes reach the staging memory, which counts where that is
/// write-combined or behind a bus, and the device copies them in place of converting. AVX2 is named, not left to
/// Vector256: a native library that runs on any x64 is compiled without that type's acceleration, and asks for
/// instructions only where they are named.
/// </remarks>
internal static unsafe class PixelPacking
{
    private const uint Opaque = 0xFF000000;

    /// <summary>Packs an image.</summary>
    /// <param name="planes">Planar [3, H, W]; [-1, 1] is what shows, the rest is clamped, NaN becomes 0.</param>
    /// <param name="rgba">H·W pixels, red in the lowest byte; only written, in order.</param>
    public static void ToRgba(ReadOnlySpan<float> planes, Span<uint> rgba)
        => Pack(planes, rgba, Avx2.IsSupported);

    /// <summary>As <see cref="ToRgba"/>, by one instruction set or another.</summary>
    /// <param name="planes">Planar [3, H, W].</param>
    /// <param name="rgba">H·W pixels.</param>
    /// <param name="byEights">Whether by AVX2, which must be there; else by what every processor has.</param>
    // Else the first frames run unoptimised code, many times slower.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(ReadOnlySpan<float> planes, Span<uint> rgba, bool byEights)
    {
        int pixels = rgba.Length;
        ArgumentOutOfRangeException.ThrowIfLessThan(planes.Length, 3 * pixels);
        fixed (float* red = planes)
        fixed (uint* target = rgba)
        {
            float* green = red + pixels;
            float* blue = green + pixels;
            int i = byEights ? PackEights(red, green, blue, target, pixels) : 0;
            for (; i <= pixels - Vector128<float>.Count; i += Vector128<float>.Count)
            {
                Vector128<uint> packed = Level(Vector128.Load(red + i))
                    | (Level(Vector128.Load(green + i)) << 8)
                    | (Level(Vector128.Load(blue + i)) << 16)
                    | Vector128.Create(Opaque);
                packed.Store(target + i);
            }

            for (; i < pixels; i++)
            {
                target[i] = Level(red[i]) | (Level(green[i]) << 8) | (Level(blue[i]) << 16) | Opaque;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int PackEights(float* red, float* green, float* blue, uint* target, int pixels)
    {
        // Packing narrows four of red, four of green and so on side by side: a pixel's bytes are four apart.
        var order = Vector256.Create(
            (byte)0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15,
            0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        var opaque = Vector256.Create((int)byte.MaxValue);
        int i = 0;
        for (; i <= pixels - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            Vector256<short> redGreen = Avx2.PackSignedSaturate(LevelOfEight(red + i), LevelOfEight(green + i));
            Vector256<short> blueAlpha = Avx2.PackSignedSaturate(LevelOfEight(blue + i), opaque);
            Vector256<byte> bytes = Avx2.PackUnsignedSaturate(redGreen, blueAlpha);
            Avx.Store((byte*)(target + i), Avx2.Shuffle(bytes, order));
        }

        return i;
    }

    // [-1, 1] -> [0, 255], rounded to nearest. What is below saturates to 0 when it is packed, and so does a NaN, of
    // which the minimum lets the second operand through and which converts to the least integer.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> LevelOfEight(float* value)
    {
        var half = Vector256.Create(0.5f);
        Vector256<float> unit = Avx.Add(Avx.Multiply(Avx.LoadVector256(value), half), half);
        unit = Avx.Min(Vector256.Create(1f), unit);
        return Avx.ConvertToVector256Int32WithTruncation(
            Avx.Add(Avx.Multiply(unit, Vector256.Create(255f)), half));
    }

    // Native: a NaN comes out of them as 0 on x64 and Arm alike.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Level(Vector128<float> value)
    {
        Vector128<float> unit = (value * 0.5f) + Vector128.Create(0.5f);
        unit = Vector128.MinNative(Vector128.MaxNative(unit, Vector128<float>.Zero), Vector128<float>.One);
        return Vector128.ConvertToInt32Native((unit * 255f) + Vector128.Create(0.5f)).AsUInt32();
    }

    private static uint Level(float value)
    {
        float unit = (value * 0.5f) + 0.5f;
        unit = unit > 0f ? MathF.Min(unit, 1f) : 0f;
        return (uint)((unit * 255f) + 0.5f);
    }
}
