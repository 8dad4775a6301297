namespace Diffusion.Runtime.Sharing;

/// <summary>Reads the newest image of a ring as RGBA8, for hosts without Vulkan and for saving.</summary>
/// <remarks>
/// Any thread; never waits, allocates nothing. A pixel costs some nanoseconds: engines that have Vulkan share the
/// texture instead. A ring on a device is read on the thread of the device's queue, and waits for what that was handed.
/// </remarks>
public static class SamplePixels
{
    /// <summary>Bytes of a pixel: red, green, blue, alpha.</summary>
    public const int BytesPerPixel = 4;

    /// <summary>Converts the newest image if it is newer than <paramref name="afterGeneration"/>.</summary>
    /// <param name="ring">The texture's ring.</param>
    /// <param name="isDenoised">Whether to read the clean estimate in place of x_t.</param>
    /// <param name="afterGeneration">0 for any image.</param>
    /// <param name="target">Rows from the top, sRGB values, alpha 255.</param>
    /// <param name="rowPitch">Bytes from row to row, at least 4·Width.</param>
    /// <param name="info">What was read.</param>
    /// <returns>False when there is nothing newer; the target is untouched.</returns>
    /// <exception cref="ArgumentException">The pitch or the target is too small.</exception>
    public static bool TryRead(
        SampleRing ring, bool isDenoised, ulong afterGeneration, Span<byte> target, int rowPitch, out SampleInfo info)
    {
        ArgumentNullException.ThrowIfNull(ring);
        ArgumentOutOfRangeException.ThrowIfLessThan(rowPitch, BytesPerPixel * ring.Width);
        long needed = ((long)rowPitch * (ring.Height - 1)) + (BytesPerPixel * ring.Width);
        if (target.Length < needed)
        {
            throw new ArgumentException(
                $"The target holds {target.Length} bytes; {needed} are needed.", nameof(target));
        }

        if (!ring.TryAcquireLatest(afterGeneration, out SampleLease lease))
        {
            info = default;
            return false;
        }

        try
        {
            ReadOnlySpan<float> planes = isDenoised ? ring.Denoised(lease.Slot) : ring.Sample(lease.Slot);
            for (int y = 0; y < ring.Height; y++)
            {
                ConvertRow(planes[(y * ring.Width)..], ring.Width, ring.Width * ring.Height, target[(y * rowPitch)..]);
            }
        }
        finally
        {
            ring.Release(lease);
        }

        info = lease.Info;
        return true;
    }

    private static void ConvertRow(ReadOnlySpan<float> planes, int width, int planeLength, Span<byte> row)
    {
        for (int x = 0; x < width; x++)
        {
            Span<byte> pixel = row.Slice(x * BytesPerPixel, BytesPerPixel);
            pixel[0] = ToByte(planes[x]);
            pixel[1] = ToByte(planes[x + planeLength]);
            pixel[2] = ToByte(planes[x + (2 * planeLength)]);
            pixel[3] = byte.MaxValue;
        }
    }

    // As shaders/planar_to_rgba.comp: [-1, 1] to [0, 255], halves up, so that both hand out the same bytes.
    private static byte ToByte(float value)
    {
        float unit = (value * 0.5f) + 0.5f;
        unit = unit > 0 ? unit : 0;
        unit = unit < 1 ? unit : 1;
        return (byte)MathF.Floor((unit * 255f) + 0.5f);
    }
}
