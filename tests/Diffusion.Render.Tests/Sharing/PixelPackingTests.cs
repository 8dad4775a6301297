using System.Runtime.InteropServices;
using CsCheck;
using Diffusion.Render.Sharing;
using Diffusion.Render.Tests.Support;

namespace Diffusion.Render.Tests.Sharing;

public sealed class PixelPackingTests
{
    /// <summary>By eights first, and by fours alone.</summary>
    public static TheoryData<bool> Ways => [true, false];

    [Theory]
    [MemberData(nameof(Ways))]
    public void Pack_AnyFloatsAndSize_EqualsDefinition(bool byEights)
        => Gen.Int[1, 40].SelectMany(pixels => Gen.OneOf(Gen.Single[-3f, 3f], Gen.Single).Array[3 * pixels])
            .Sample(planes =>
            {
                var rgba = new uint[planes.Length / 3];
                PixelPacking.Pack(planes, 0, rgba, byEights);

                // NaN is apart: the definition has none.
                float[] numbers = [.. planes.Select(value => float.IsNaN(value) ? -1f : value)];
                Assert.Equal(
                    TestSamples.ToRgba(numbers, rgba.Length), MemoryMarshal.AsBytes(rgba.AsSpan()).ToArray());
            });

    [Theory]
    [MemberData(nameof(Ways))]
    public void Pack_Extremes_AreClamped(bool byEights)
    {
        float[] values =
        [
            float.NaN, float.NegativeInfinity, float.MinValue, -1e9f, -1.004f, -1f,
            float.PositiveInfinity, float.MaxValue, 1e9f, 257f, 1.004f, 1f,
        ];
        float[] planes = [.. values, .. values, .. values];
        var rgba = new uint[values.Length];

        PixelPacking.Pack(planes, 0, rgba, byEights);

        Assert.All(rgba.Take(6), pixel => Assert.Equal(0xFF000000, pixel));
        Assert.All(rgba.Skip(6), pixel => Assert.Equal(0xFFFFFFFF, pixel));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Pack_PartByPart_EqualsWhole(bool byEights)
        => Gen.Int[1, 100].SelectMany(pixels => Gen.Select(Gen.Single[-2f, 2f].Array[3 * pixels], Gen.Int[1, pixels]))
            .Sample((planes, part) =>
            {
                var whole = new uint[planes.Length / 3];
                PixelPacking.Pack(planes, 0, whole, byEights);
                var parts = new uint[whole.Length];
                for (int first = 0; first < parts.Length; first += part)
                {
                    int count = Math.Min(part, parts.Length - first);
                    PixelPacking.Pack(planes, first, parts.AsSpan(first, count), byEights);
                }

                Assert.Equal(whole, parts);
            });

    [Theory]
    [InlineData(11, 0)]
    [InlineData(12, 1)]
    [InlineData(12, -1)]
    public void ToRgba_BeyondThePlanes_Throws(int floats, int first)
        => Assert.Throws<ArgumentOutOfRangeException>(() => PixelPacking.ToRgba(new float[floats], first, new uint[4]));

    [Theory]
    [MemberData(nameof(Ways))]
    public void Pack_EveryBoundaryBetweenLevels_RoundsToNearest(bool byEights)
    {
        // The floats around each boundary, where a fused or reordered sum would show.
        const int Around = 4;
        List<float> values = [];
        for (int level = 0; level < 255; level++)
        {
            float boundary = ((level + 0.5f) / 255f * 2f) - 1f;
            int bits = BitConverter.SingleToInt32Bits(boundary);
            for (int offset = -Around; offset <= Around; offset++)
            {
                values.Add(BitConverter.Int32BitsToSingle(bits + offset));
            }
        }

        float[] planes = [.. values, .. values, .. values];
        var rgba = new uint[values.Count];

        PixelPacking.Pack(planes, 0, rgba, byEights);

        Assert.Equal(TestSamples.ToRgba(planes, rgba.Length), MemoryMarshal.AsBytes(rgba.AsSpan()).ToArray());
    }
}
