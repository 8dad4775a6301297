using Diffusion.Runtime.Sharing;

namespace Diffusion.Runtime.Surfaces;

/// <summary>Which part of the plane a tile covers, which neighbours it continues, and what it shares.</summary>
/// <remarks>
/// Tile (x, y) covers [x·CellWidth, x·CellWidth + Width) by the same in y, so that neighbours share a strip. Where both
/// coordinates are even a tile is free; where one is odd it lies between two free ones, and where both are, between
/// four of those. Around each corner of the grid there is one free tile, which all others take the corner from: so
/// every shared pixel is made once, whatever the order. Where there is a pattern, a free tile keeps its corners, and
/// through it every tile does: their colours agree far beyond what a strip could tell. Immutable; any thread.
/// </remarks>
internal sealed class TileLayout
{
    private static readonly (int X, int Y)[] _all = [(-1, 0), (1, 0), (0, -1), (0, 1)];

    private readonly float[][] _masks;

    /// <param name="width">Of a tile in pixels.</param>
    /// <param name="height">Of a tile in pixels.</param>
    /// <param name="overlap">Pixels shared with a neighbour, less than half of either.</param>
    /// <param name="hasPattern">Whether free tiles keep the corners of a pattern.</param>
    public TileLayout(int width, int height, int overlap, bool hasPattern)
    {
        (Width, Height, Overlap) = (width, height, overlap);
        _masks =
        [
            hasPattern ? MaskOf((x, y) => IsBorder(x, Width) && IsBorder(y, Height)) : [],
            MaskOf((x, _) => IsBorder(x, Width)),
            MaskOf((_, y) => IsBorder(y, Height)),
            MaskOf((x, y) => IsBorder(x, Width) || IsBorder(y, Height)),
        ];
    }

    public int Width { get; }

    public int Height { get; }

    public int Overlap { get; }

    /// <summary>Distance of neighbours in x, in pixels.</summary>
    public int CellWidth => Width - Overlap;

    /// <summary>Distance of neighbours in y, in pixels.</summary>
    public int CellHeight => Height - Overlap;

    /// <summary>Floats of a tile's image, planar [3, H, W].</summary>
    public int ImageLength => SampleRing.Channels * Width * Height;

    /// <summary>Where the neighbours lie that must be finished before a tile begins.</summary>
    public static ReadOnlySpan<(int X, int Y)> NeedsOf(int x, int y)
    {
        ReadOnlySpan<(int X, int Y)> all = _all;
        bool isBetweenColumns = (x & 1) != 0;
        bool isBetweenRows = (y & 1) != 0;
        return all[(isBetweenColumns ? 0 : 2)..(isBetweenRows ? 4 : 2)];
    }

    /// <summary>1 where a tile is painted and 0 where its neighbours or its pattern are kept, [H, W]; empty where
    /// nothing is.</summary>
    public ReadOnlyMemory<float> Mask(int x, int y) => _masks[(x & 1) + (2 * (y & 1))];

    /// <summary>Copies the strip that a tile shares with a neighbour from the neighbour's image into its own.</summary>
    public void CopyShared(ReadOnlySpan<float> neighbour, (int X, int Y) place, Span<float> image)
    {
        (int left, int top) = (place.X * CellWidth, place.Y * CellHeight);
        int firstColumn = Math.Max(0, left);
        int columns = Math.Min(Width, left + Width) - firstColumn;
        for (int row = Math.Max(0, top); row < Math.Min(Height, top + Height); row++)
        {
            for (int channel = 0; channel < SampleRing.Channels; channel++)
            {
                int to = (((channel * Height) + row) * Width) + firstColumn;
                int from = (((channel * Height) + row - top) * Width) + firstColumn - left;
                neighbour.Slice(from, columns).CopyTo(image[to..]);
            }
        }
    }

    /// <summary>Lays a pattern, one tile large and seamless, over the plane and copies what a tile covers.</summary>
    public void CopyPattern(ReadOnlySpan<float> pattern, int x, int y, Span<float> image)
    {
        int left = Wrap(unchecked(x * (long)CellWidth), Width);
        for (int row = 0; row < Height; row++)
        {
            int patternRow = Wrap(unchecked(y * (long)CellHeight) + row, Height);
            for (int channel = 0; channel < SampleRing.Channels; channel++)
            {
                ReadOnlySpan<float> from = pattern.Slice(((channel * Height) + patternRow) * Width, Width);
                Span<float> to = image.Slice(((channel * Height) + row) * Width, Width);
                from[left..].CopyTo(to);
                from[..left].CopyTo(to[(Width - left)..]);
            }
        }
    }

    private static int Wrap(long value, int length) => (int)(((value % length) + length) % length);

    private bool IsBorder(int at, int length) => at < Overlap || at >= length - Overlap;

    private float[] MaskOf(Func<int, int, bool> isKept)
    {
        float[] mask = new float[Width * Height];
        for (int i = 0; i < mask.Length; i++)
        {
            mask[i] = isKept(i % Width, i / Width) ? 0 : 1;
        }

        return mask;
    }
}
