using System.Runtime.InteropServices;

namespace Diffusion.Render.Devices.Memory;

/// <summary>Which stretches of a block are free. A resource gets the smallest that it fits in; what comes back merges
/// with its neighbours.</summary>
/// <remarks>
/// A search is linear in the free stretches: a few, since resources come and go by the dozen and while loading. Buddies
/// would round sizes up to powers of two, which costs more memory than the search costs time. No lock: the block's
/// owner has one.
/// </remarks>
internal sealed class FreeRanges
{
    // In order of offsets, no two of them touching.
    private readonly List<Range> _free;

    /// <param name="sizeInBytes">Size of the block, at least 1; all of it is free.</param>
    public FreeRanges(ulong sizeInBytes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(sizeInBytes);
        SizeInBytes = sizeInBytes;
        _free = [new Range(0, sizeInBytes)];
    }

    public ulong SizeInBytes { get; }

    /// <summary>Whether nothing is taken.</summary>
    public bool IsWhole => _free.Count == 1 && _free[0].Size == SizeInBytes;

    /// <summary>Stretches that are free.</summary>
    public int Count => _free.Count;

    /// <summary>Takes a stretch.</summary>
    /// <param name="sizeInBytes">Its size, at least 1.</param>
    /// <param name="alignment">What its offset is a multiple of: a power of two.</param>
    /// <param name="offset">Where it is.</param>
    /// <returns>False when it fits nowhere.</returns>
    public bool TryTake(ulong sizeInBytes, ulong alignment, out ulong offset)
    {
        ArgumentOutOfRangeException.ThrowIfZero(sizeInBytes);
        int best = -1;
        ReadOnlySpan<Range> free = CollectionsMarshal.AsSpan(_free);
        for (int i = 0; i < free.Length; i++)
        {
            bool fits = AlignUp(free[i].Offset, alignment) + sizeInBytes <= free[i].End;
            if (fits && (best < 0 || free[i].Size < free[best].Size))
            {
                best = i;
            }
        }

        offset = best < 0 ? 0 : AlignUp(free[best].Offset, alignment);
        if (best >= 0)
        {
            Cut(best, offset, offset + sizeInBytes);
        }

        return best >= 0;
    }

    /// <summary>Gives a stretch back.</summary>
    /// <param name="offset">Where it was taken.</param>
    /// <param name="sizeInBytes">The size that was taken.</param>
    /// <exception cref="InvalidOperationException">A part of it is free already, or outside the block.</exception>
    public void Return(ulong offset, ulong sizeInBytes)
    {
        ulong end = offset + sizeInBytes;
        int next = 0;
        while (next < _free.Count && _free[next].Offset < offset)
        {
            next++;
        }

        bool overlaps = (next > 0 && _free[next - 1].End > offset) || (next < _free.Count && _free[next].Offset < end);
        if (overlaps || end > SizeInBytes)
        {
            throw new InvalidOperationException(
                $"{sizeInBytes} bytes at {offset} of a block of {SizeInBytes} are not taken.");
        }

        if (next < _free.Count && _free[next].Offset == end)
        {
            end = _free[next].End;
            _free.RemoveAt(next);
        }

        if (next > 0 && _free[next - 1].End == offset)
        {
            offset = _free[--next].Offset;
            _free.RemoveAt(next);
        }

        _free.Insert(next, new Range(offset, end - offset));
    }

    private static ulong AlignUp(ulong offset, ulong alignment) => (offset + alignment - 1) & ~(alignment - 1);

    // What is left on either side stays free.
    private void Cut(int index, ulong start, ulong end)
    {
        Range range = _free[index];
        _free.RemoveAt(index);
        if (end < range.End)
        {
            _free.Insert(index, new Range(end, range.End - end));
        }

        if (range.Offset < start)
        {
            _free.Insert(index, new Range(range.Offset, start - range.Offset));
        }
    }

    private readonly record struct Range(ulong Offset, ulong Size)
    {
        public ulong End => Offset + Size;
    }
}
