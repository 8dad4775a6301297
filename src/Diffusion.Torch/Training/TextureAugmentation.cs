namespace Diffusion.Torch.Training;

/// <summary>How one showing of a texture differs from the file: where it begins, which way up, in what light.</summary>
/// <remarks>
/// The few textures of a class would else be learned by heart. Colours move together by up to 12 % and apart by up to
/// 5 %, in sRGB as the network sees them.
/// </remarks>
internal readonly struct TextureAugmentation
{
    private const double Light = 0.12;
    private const double Tint = 0.05;

    // Not lit from one side in any of its pictures, and without an up.
    private static readonly HashSet<string> _anyWayUp =
        ["dirt", "forest_floor", "grass", "gravel", "lava", "metal_rust", "sand", "snow_ice"];

    private readonly bool _mirror;
    private readonly bool _flip;
    private readonly bool _transpose;
    private readonly float _red;
    private readonly float _green;
    private readonly float _blue;

    /// <summary>The file as it is.</summary>
    public TextureAugmentation() => (_red, _green, _blue) = (1, 1, 1);

    private TextureAugmentation(string className, ref CounterRandom random)
    {
        // Others are mirrored only left to right: many of these textures are lit from above.
        bool anyWay = _anyWayUp.Contains(className);
        _mirror = random.NextInt(2) == 1;
        _flip = random.NextInt(2) == 1 && anyWay;
        _transpose = random.NextInt(2) == 1 && anyWay;
        double light = Around(Light, ref random);
        _red = (float)(light * Around(Tint, ref random));
        _green = (float)(light * Around(Tint, ref random));
        _blue = (float)(light * Around(Tint, ref random));
    }

    /// <summary>Draws one that suits a class.</summary>
    public static TextureAugmentation Draw(string className, ref CounterRandom random) => new(className, ref random);

    /// <summary>Copies a square out of a tile, which wraps around.</summary>
    /// <param name="tile">Interleaved RGB, [edge, edge, 3].</param>
    /// <param name="edge">Edge of the tile.</param>
    /// <param name="left">The square's first column in the tile.</param>
    /// <param name="top">The square's first row.</param>
    /// <param name="target">[3, size, size], values in [-1, 1].</param>
    /// <param name="size">Edge of the square.</param>
    public void Copy(ReadOnlySpan<byte> tile, int edge, int left, int top, Span<float> target, int size)
    {
        int plane = size * size;
        for (int y = 0; y < size; y++)
        {
            for (int x = 0; x < size; x++)
            {
                int column = _mirror ? size - 1 - x : x;
                int row = _flip ? size - 1 - y : y;
                (column, row) = _transpose ? (row, column) : (column, row);
                int from = 3 * (((top + row) % edge * edge) + ((left + column) % edge));
                int to = (y * size) + x;
                target[to] = Lit(tile[from], _red);
                target[plane + to] = Lit(tile[from + 1], _green);
                target[(2 * plane) + to] = Lit(tile[from + 2], _blue);
            }
        }
    }

    private static float Lit(byte value, float gain) => Math.Min((value * gain / 127.5f) - 1, 1);

    private static double Around(double range, ref CounterRandom random) =>
        1 + (range * ((2 * random.NextDouble()) - 1));
}
