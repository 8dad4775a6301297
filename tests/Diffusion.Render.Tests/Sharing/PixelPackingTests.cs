using System.Runtime.InteropServices;
using CsCheck;
using Diffusion.Render.Sharing;
using Diffusion.Render.Tests.Support;

namespace Diffusion.Render.Tests.Sharing;

public sealed class PixelPackingTests
{
    [Fact]
    public void ToRgba_AnyFloatsAndSize_EqualsDefinition()
        => Gen.Int[1, 40].SelectMany(pixels => Gen.OneOf(Gen.Single[-3f, 3f], Gen.Single).Array[3 * pixels])
            .Sample(planes =>
            {
                var rgba = new uint[planes.Length / 3];
                PixelPacking.ToRgba(planes, rgba);

                // NaN is apart: the definition has none.
                float[] numbers = [.. planes.Select(value => float.IsNaN(value) ? -1f : value)];
                Assert.Equal(
                    TestSamples.ToRgba(numbers, rgba.Length), MemoryMarshal.AsBytes(rgba.AsSpan()).ToArray());
            });

    [Fact]
    public void ToRgba_EveryBoundaryBetweenLevels_RoundsToNearest()
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

        PixelPacking.ToRgba(planes, rgba);

        Assert.Equal(TestSamples.ToRgba(planes, rgba.Length), MemoryMarshal.AsBytes(rgba.AsSpan()).ToArray());
    }
}
