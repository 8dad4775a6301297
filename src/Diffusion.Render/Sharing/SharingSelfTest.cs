using Diffusion.Render.Compute.Sampling;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Sharing;

/// <summary>Writes samples on the host's side of a path, reads the images on the device's side, compares,
/// times.</summary>
/// <remarks>One thread, the one that renders; waits for the device. For start-up checks, not for frames.</remarks>
public static class SharingSelfTest
{
    /// <summary>
    /// How far a channel may be off, in steps of 1/255: the shader rounds by itself, the store may round its quotient.
    /// </summary>
    public const int Tolerance = 1;

    // The first of so many are compiled while they run.
    private const int WarmUpShare = 5;

    /// <summary>Tests one path.</summary>
    /// <param name="device">A device with nothing else in flight, so that times are its own.</param>
    /// <param name="path">The path.</param>
    /// <param name="edge">Width and height of the texture in pixels, at least 2.</param>
    /// <param name="handOvers">How often a new sample is handed over, at least 1.</param>
    /// <param name="samples">Makes the images of <see cref="SharingPath.Cuda"/> for a number of slots of a size in
    /// bytes; the caller owns them. Null where there are none.</param>
    /// <exception cref="VulkanException">A call failed, or the path while it ran; a path that is not available is a
    /// result, not an exception.</exception>
    public static SharingTestResult Run(
        VulkanDevice device, SharingPath path, int edge = 256, int handOvers = 600,
        Func<int, long, IDeviceSamples>? samples = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfLessThan(edge, 2);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(handOvers);
        DeviceSamples? owned = null;
        using var ring = new SampleRing(edge, edge, 0, path switch
        {
            SharingPath.InPlace => (slots, size) => owned = new DeviceSamples(device, slots, size, edge * edge),
            SharingPath.Cuda => samples,
            _ => null,
        });
        using DeviceSamples? inPlace = owned;
        using var textures = new SharedTexturePass(device);
        SharedTexture texture;
        try
        {
            texture = textures.Add(ring, "self-test", path);
        }
        catch (VulkanException error) when (error.Result == Result.Success)
        {
            return new SharingTestResult(path, error.Message);
        }

        using var reader = new ReadbackPass(device, texture);
        using var target = new NoTarget();
        var timed = new TimedTexturePass(textures);
        using var renderer = new FrameRenderer(device, target, [timed, reader]);
        var times = new List<TimeSpan>(handOvers);
        var sample = new float[ring.PlaneLength];
        int largest = 0;
        for (int i = 0; i < handOvers; i++)
        {
            Fill(sample, i);
            Publish(ring, sample, i);
            Frame frame;
            do
            {
                _ = renderer.TryBeginFrame(out frame);
                if (device.Info.Type == PhysicalDeviceType.Cpu)
                {
                    // A device on the CPU works in the same caches, which no GPU does: its work is not the host's cost.
                    device.WaitIdle();
                }

                renderer.EndFrame();
                if (i >= handOvers / WarmUpShare)
                {
                    times.Add(timed.Last);
                }
            }
            while (texture.IsBehind); // a copy on the device was not done yet

            // Each sample counts, yet comparing all would take longer than the rest.
            if (i is 0 or 1 || i == handOvers - 1)
            {
                device.Timeline.Wait(frame.Value);
                largest = Math.Max(largest, Compare(sample, reader.Pixels));
            }
        }

        if (texture.Path != path)
        {
            throw new VulkanException($"{texture.PathReason}.");
        }

        return new SharingTestResult(
            path, null, largest, Percentile(times, 0.5), Percentile(times, 0.99), texture.TotalBytesCopied / handOvers);
    }

    private static void Publish(SampleRing ring, float[] sample, int step)
    {
        if (!ring.TryBeginWrite(out int slot))
        {
            throw new InvalidOperationException("The ring has no free slot: a lease was not given back.");
        }

        if (ring.Device is { } device)
        {
            device.Write(slot, isDenoised: false, sample);
        }
        else
        {
            sample.CopyTo(ring.Sample(slot));
        }

        ring.Publish(step, NoiseLevel.Clean);
    }

    // A ramp through all levels and past both ends, shifted from sample to sample so that an old one shows.
    private static void Fill(Span<float> sample, int seed)
    {
        const int Period = 1021; // prime, so that rows and planes differ
        for (int i = 0; i < sample.Length; i++)
        {
            sample[i] = (((i + (seed * 7)) % Period) * (2.4f / Period)) - 1.2f;
        }
    }

    // By the definition: [-1, 1] -> [0, 255], rounded to nearest.
    private static int Compare(ReadOnlySpan<float> planes, ReadOnlySpan<byte> rgba)
    {
        int pixels = planes.Length / SampleRing.Channels;
        int largest = 0;
        for (int channel = 0; channel < SampleRing.Channels; channel++)
        {
            for (int pixel = 0; pixel < pixels; pixel++)
            {
                float unit = Math.Clamp((planes[(channel * pixels) + pixel] * 0.5f) + 0.5f, 0f, 1f);
                int expected = (int)MathF.Floor((unit * 255f) + 0.5f);
                largest = Math.Max(largest, Math.Abs(expected - rgba[(pixel * 4) + channel]));
            }
        }

        return largest;
    }

    private static TimeSpan Percentile(List<TimeSpan> times, double rank)
    {
        if (times.Count == 0)
        {
            return TimeSpan.Zero;
        }

        times.Sort();
        return times[Math.Clamp((int)Math.Ceiling(rank * times.Count) - 1, 0, times.Count - 1)];
    }
}
