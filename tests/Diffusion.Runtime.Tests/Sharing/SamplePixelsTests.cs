using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Runtime.Tests.Sharing;

public sealed class SamplePixelsTests
{
    private const int Width = 3;
    private const int Height = 2;

    [Theory]
    [InlineData(-1f, 0)]
    [InlineData(1f, 255)]
    [InlineData(0f, 128)]
    [InlineData(-7f, 0)]
    [InlineData(7f, 255)]
    [InlineData(float.NaN, 0)]
    [InlineData(float.PositiveInfinity, 255)]
    [InlineData(0.25f, 159)]
    public void TryRead_Value_IsRoundedToTheNearestByte(float value, byte expected)
    {
        using SampleRing ring = Publish((_, _, _) => value, 0);
        var bytes = new byte[Width * Height * 4];
        Assert.True(SamplePixels.TryRead(ring, isDenoised: false, 0, bytes, Width * 4, out SampleInfo info));
        Assert.Equal([expected, expected, expected, 255], bytes[..4]);
        Assert.Equal(1u, info.Generation);
        Assert.Equal(5, info.Step);
    }

    [Fact]
    public void TryRead_Planes_AreInterleavedRowByRow()
    {
        // Values that round to 40·channel + 10·y + x.
        using SampleRing ring = Publish((c, y, x) => ((40 * c) + (10 * y) + x) / 127.5f - 1, 0);
        const int Pitch = 20;
        var bytes = new byte[Pitch + (Width * 4)];
        Assert.True(SamplePixels.TryRead(ring, isDenoised: false, 0, bytes, Pitch, out _));
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                int p = (y * Pitch) + (x * 4);
                int value = (10 * y) + x;
                Assert.Equal([(byte)value, (byte)(value + 40), (byte)(value + 80), 255], bytes[p..(p + 4)]);
            }
        }

        Assert.All(bytes[(Width * 4)..Pitch], gap => Assert.Equal(0, gap));
    }

    [Fact]
    public void TryRead_Denoised_ReadsTheCleanEstimate()
    {
        using SampleRing ring = Publish((_, _, _) => -1, 1);
        var bytes = new byte[Width * Height * 4];
        Assert.True(SamplePixels.TryRead(ring, isDenoised: true, 0, bytes, Width * 4, out _));
        Assert.Equal(255, bytes[0]);
    }

    [Fact]
    public void TryRead_NothingNewer_LeavesTheTargetAlone()
    {
        using SampleRing ring = Publish((_, _, _) => 1, 0);
        var bytes = new byte[Width * Height * 4];
        Assert.False(SamplePixels.TryRead(ring, isDenoised: false, 1, bytes, Width * 4, out _));
        Assert.All(bytes, value => Assert.Equal(0, value));

        // No lease is left: the writer finds all slots but those it keeps.
        Assert.True(ring.TryBeginWrite(out _));
    }

    [Fact]
    public void TryRead_TargetOrPitchTooSmall_IsRefused()
    {
        using SampleRing ring = Publish((_, _, _) => 1, 0);
        var bytes = new byte[Width * Height * 4];
        Assert.Throws<ArgumentOutOfRangeException>(
            () => SamplePixels.TryRead(ring, false, 0, bytes, (Width * 4) - 1, out _));
        Assert.Throws<ArgumentException>(() => SamplePixels.TryRead(ring, false, 0, bytes.AsSpan(1), Width * 4, out _));
    }

    private static SampleRing Publish(Func<int, int, int, float> value, float denoised)
    {
        var ring = new SampleRing(Width, Height, 0);
        Assert.True(ring.TryBeginWrite(out int slot));
        for (int i = 0; i < 3 * Width * Height; i++)
        {
            ring.Sample(slot)[i] = value(i / (Width * Height), i / Width % Height, i % Width);
        }

        ring.Denoised(slot).Fill(denoised);
        ring.Publish(5, NoiseLevel.Clean);
        return ring;
    }
}
