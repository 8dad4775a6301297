using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Diffusion.Render.Sharing;

/// <summary>What planar_to_rgba.comp does, on the host: planar floats to RGBA8, bit for bit the same.</summary>
/// <remarks>Staging packs while it copies: a third of the bytes reach the staging memory, which counts where that is
/// write-combined or behind a bus, and the device copies them in place of converting.</remarks>
internal static class PixelPacking
{
    private const uint Opaque = 0xFF000000;

    /// <summary>Packs an image.</summary>
    /// <param name="planes">Planar [3, H, W]; [-1, 1] is what shows, the rest is clamped, NaN becomes 0.</param>
    /// <param name="rgba">H·W pixels, red in the lowest byte; only written, in order.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // else the first frames run unoptimised code, ten times slower
    public static void ToRgba(ReadOnlySpan<float> planes, Span<uint> rgba)
    {
        int pixels = rgba.Length;
        ReadOnlySpan<float> red = planes[..pixels];
        ReadOnlySpan<float> green = planes.Slice(pixels, pixels);
        ReadOnlySpan<float> blue = planes.Slice(2 * pixels, pixels);
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            ref float redStart = ref MemoryMarshal.GetReference(red);
            ref float greenStart = ref MemoryMarshal.GetReference(green);
            ref float blueStart = ref MemoryMarshal.GetReference(blue);
            ref uint target = ref MemoryMarshal.GetReference(rgba);
            for (; i <= pixels - Vector256<float>.Count; i += Vector256<float>.Count)
            {
                Vector256<uint> packed = Level(Vector256.LoadUnsafe(ref redStart, (nuint)i))
                    | (Level(Vector256.LoadUnsafe(ref greenStart, (nuint)i)) << 8)
                    | (Level(Vector256.LoadUnsafe(ref blueStart, (nuint)i)) << 16)
                    | Vector256.Create(Opaque);
                packed.StoreUnsafe(ref target, (nuint)i);
            }
        }

        for (; i < pixels; i++)
        {
            rgba[i] = Level(red[i]) | (Level(green[i]) << 8) | (Level(blue[i]) << 16) | Opaque;
        }
    }

    // [-1, 1] -> [0, 255], rounded to nearest. Native: a NaN comes out of them as 0 on x64 and Arm alike.
    private static Vector256<uint> Level(Vector256<float> value)
    {
        Vector256<float> unit = (value * 0.5f) + Vector256.Create(0.5f);
        unit = Vector256.MinNative(Vector256.MaxNative(unit, Vector256<float>.Zero), Vector256<float>.One);
        return Vector256.ConvertToInt32Native((unit * 255f) + Vector256.Create(0.5f)).AsUInt32();
    }

    private static uint Level(float value)
    {
        float unit = (value * 0.5f) + 0.5f;
        unit = unit > 0f ? MathF.Min(unit, 1f) : 0f;
        return (uint)((unit * 255f) + 0.5f);
    }
}
