using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Tests.Support;

/// <summary>Writers of rings.</summary>
internal static class TestSamples
{
    /// <summary>Publishes noise as x_t and other noise as D; both leave [-1, 1] and hit its ends.</summary>
    public static void PublishNoise(SampleRing ring, int seed, int step = 1)
    {
        Assert.True(ring.TryBeginWrite(out int slot));
        Fill(ring.Sample(slot), seed, 3f);
        Fill(ring.Denoised(slot), seed + 1, 1.2f);
        ring.Publish(step, NoiseLevel.Clean);
    }

    /// <summary>Publishes one colour, in [-1, 1] a channel, as x_t and as D.</summary>
    public static void PublishColour(SampleRing ring, float red, float green, float blue)
    {
        Assert.True(ring.TryBeginWrite(out int slot));
        Span<float> channels = [red, green, blue];
        int plane = ring.Width * ring.Height;
        for (int channel = 0; channel < channels.Length; channel++)
        {
            ring.Sample(slot).Slice(channel * plane, plane).Fill(channels[channel]);
            ring.Denoised(slot).Slice(channel * plane, plane).Fill(channels[channel]);
        }

        ring.Publish(1, NoiseLevel.Clean);
    }

    /// <summary>Publishes one value all over that says which generation it is, unless readers hold all slots.</summary>
    public static void PublishMarker(SampleRing ring)
    {
        if (ring.TryBeginWrite(out int slot))
        {
            ring.Sample(slot).Fill((MarkerOf(ring.LatestInfo.Generation + 1) / 255f * 2f) - 1f);
            ring.Publish(1, NoiseLevel.Clean);
        }
    }

    /// <summary>The byte that a generation of <see cref="PublishMarker"/> shows; never that of opaque alpha.</summary>
    public static byte MarkerOf(ulong generation) => (byte)(generation % 255);

    /// <summary>The oracle: RGBA8 of planar floats by the definition [-1, 1] -> [0, 255], rounded to nearest.</summary>
    public static byte[] ToRgba(ReadOnlySpan<float> planes, int pixels)
    {
        var rgba = new byte[pixels * 4];
        for (int pixel = 0; pixel < pixels; pixel++)
        {
            for (int channel = 0; channel < 3; channel++)
            {
                float unit = Math.Clamp((planes[(channel * pixels) + pixel] * 0.5f) + 0.5f, 0f, 1f);
                rgba[(pixel * 4) + channel] = (byte)MathF.Floor((unit * 255f) + 0.5f);
            }

            rgba[(pixel * 4) + 3] = 255;
        }

        return rgba;
    }

    private static void Fill(Span<float> values, int seed, float range)
    {
        var random = new Random(seed);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ((random.NextSingle() * 2f) - 1f) * range;
        }

        values[0] = -1f;
        values[1] = 1f;
    }
}
