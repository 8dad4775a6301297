using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Diffusion.Render.Sharing;

/// <summary>What planar_to_rgba.comp does, on the host: planar floats to RGBA8, bit for bit the same.</summary>
/// <remarks>
/// Staging packs while it copies: a third of the bytes reach the staging memory, which counts where that is
/// write-combined or behind a bus, and the device copies them in place of converting. By fours too, not by eights
/// alone: a native library that runs on any x64 is compiled without the acceleration of Vector256.
/// </remarks>
internal static unsafe class PixelPacking
{
    private const uint Opaque = 0xFF000000;

    /// <summary>Packs pixels of an image.</summary>
    /// <param name="planes">Planar [3, H, W]; [-1, 1] is what shows, the rest is clamped, NaN becomes 0.</param>
    /// <param name="first">The first pixel.</param>
    /// <param name="rgba">As many pixels from there on, red in the lowest byte; only written, in order.</param>
    public static void ToRgba(ReadOnlySpan<float> planes, int first, Span<uint> rgba)
        => Pack(planes, first, rgba, Vector256.IsHardwareAccelerated);

    /// <summary>As <see cref="ToRgba"/>, by vectors of one length or the other.</summary>
    /// <param name="planes">Planar [3, H, W].</param>
    /// <param name="first">The first pixel.</param>
    /// <param name="rgba">As many pixels from there on.</param>
    /// <param name="byEights">Whether by eights first, else by fours, which every processor has.</param>
    // Else the first frames run unoptimised code, many times slower.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(ReadOnlySpan<float> planes, int first, Span<uint> rgba, bool byEights)
    {
        int plane = planes.Length / 3;
        int pixels = rgba.Length;
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pixels, plane - first);
        fixed (float* image = planes)
        fixed (uint* target = rgba)
        {
            float* red = image + first;
            float* green = red + plane;
            float* blue = green + plane;
            int i = 0;
            for (; byEights && i <= pixels - Vector256<float>.Count; i += Vector256<float>.Count)
            {
                Vector256<uint> packed = Level(Vector256.Load(red + i))
                    | (Level(Vector256.Load(green + i)) << 8)
                    | (Level(Vector256.Load(blue + i)) << 16)
                    | Vector256.Create(Opaque);
                packed.Store(target + i);
            }

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

    // [-1, 1] -> [0, 255], rounded to nearest. Native: a NaN comes out of them as 0 on x64 and Arm alike.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Level(Vector256<float> value)
    {
        Vector256<float> unit = (value * 0.5f) + Vector256.Create(0.5f);
        unit = Vector256.MinNative(Vector256.MaxNative(unit, Vector256<float>.Zero), Vector256<float>.One);
        return Vector256.ConvertToInt32Native((unit * 255f) + Vector256.Create(0.5f)).AsUInt32();
    }

    // The same.
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
