using CsCheck;
using Diffusion.Render.Devices.Memory;

namespace Diffusion.Render.Tests.Devices.Memory;

public sealed class FreeRangesTests
{
    private const int Size = 512;

    /// <summary>Against a map with one flag a byte, which knows nothing of stretches or of merging.</summary>
    [Fact]
    public void TakeAndReturn_AtRandom_AgreesWithAMapOfBytes() => Gen.Select(
        Gen.Int[0, 2], Gen.Int[1, 90], Gen.Int[0, 6], Gen.Int[0, 1000]).Array[1, 200].Sample(steps =>
        {
            var ranges = new FreeRanges(Size);
            var isTaken = new bool[Size];
            List<(int Offset, int Size)> taken = [];
            foreach ((int kind, int size, int power, int pick) in steps)
            {
                if (kind == 0 && taken.Count > 0)
                {
                    (int offset, int length) = taken[pick % taken.Count];
                    taken.RemoveAt(pick % taken.Count);
                    ranges.Return((ulong)offset, (ulong)length);
                    isTaken.AsSpan(offset, length).Clear();
                    continue;
                }

                int alignment = 1 << power;
                bool fits = Fits(isTaken, size, alignment);
                Assert.Equal(fits, ranges.TryTake((ulong)size, (ulong)alignment, out ulong found));
                if (fits)
                {
                    Assert.Equal(0ul, found % (ulong)alignment);
                    Assert.InRange(found, 0ul, (ulong)(Size - size));
                    Assert.False(isTaken.AsSpan((int)found, size).Contains(true), "two stretches overlap");
                    isTaken.AsSpan((int)found, size).Fill(true);
                    taken.Add(((int)found, size));
                }

                Assert.Equal(FreeStretches(isTaken), ranges.Count);
            }

            foreach ((int offset, int length) in taken)
            {
                Assert.False(ranges.IsWhole);
                ranges.Return((ulong)offset, (ulong)length);
            }

            Assert.True(ranges.IsWhole);
            Assert.True(ranges.TryTake(Size, Size, out _));
        });

    [Fact]
    public void TryTake_TwoThatFit_TakesTheSmaller()
    {
        var ranges = new FreeRanges(100);
        Assert.True(ranges.TryTake(50, 1, out _));
        Assert.True(ranges.TryTake(10, 1, out _));
        Assert.True(ranges.TryTake(20, 1, out _));
        ranges.Return(0, 50); // free now: 50 bytes at 0, 20 at 80

        Assert.True(ranges.TryTake(15, 1, out ulong offset));

        Assert.Equal(80ul, offset);
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(5, 10)]
    [InlineData(25, 10)]
    [InlineData(30, 5)]
    [InlineData(95, 10)]
    public void Return_NotTaken_Throws(ulong offset, ulong size)
    {
        var ranges = new FreeRanges(100);
        Assert.True(ranges.TryTake(100, 1, out _));
        ranges.Return(0, 10);
        ranges.Return(30, 10);

        var error = Assert.Throws<InvalidOperationException>(() => ranges.Return(offset, size));

        Assert.Contains($"{size} bytes at {offset}", error.Message, StringComparison.Ordinal);
    }

    private static bool Fits(bool[] isTaken, int size, int alignment)
    {
        for (int offset = 0; offset + size <= isTaken.Length; offset += alignment)
        {
            if (!isTaken.AsSpan(offset, size).Contains(true))
            {
                return true;
            }
        }

        return false;
    }

    private static int FreeStretches(bool[] isTaken)
    {
        int count = 0;
        for (int i = 0; i < isTaken.Length; i++)
        {
            count += !isTaken[i] && (i == 0 || isTaken[i - 1]) ? 1 : 0;
        }

        return count;
    }
}
