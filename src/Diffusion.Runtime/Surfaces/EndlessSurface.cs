using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Surfaces;

/// <summary>
/// A plane of texture without end, in tiles that are generated apart and in any order, and agree where they meet.
/// </summary>
/// <remarks>
/// <para>A tile's pixels depend on the settings and its coordinates alone: noise is that of the world's pixels, and
/// what a tile shares with its neighbours is kept from those that come before it by the coordinates' parity, two or
/// four of at most eight. These are generated with it where they are missing. A tile that was released is made again to
/// the same bits.</para>
/// <para>Tiles are textures of the runtime, within its budget like others. A finished tile holds its texture until
/// <see cref="Release"/>, and the next tile takes that over, ring included. One thread, the runtime's. Only
/// <see cref="Want"/> and the beginning of a tile allocate; where x_t lies on a device, that also waits for it.</para>
/// </remarks>
/// <example><code>
/// using EndlessSurface ground = new(runtime, new SurfaceSettings { Style = style });
/// ground.Want(x, y);                                  // when the walker comes near; Release(x, y) when he is gone
/// ground.Update();                                    // once a frame
/// runtime.Tick(TimeSpan.FromMilliseconds(8));
/// bool isShown = ground.Get(x, y).Status is SurfaceTileStatus.Running or SurfaceTileStatus.Completed;
/// </code></example>
public sealed partial class EndlessSurface : IDisposable
{
    private readonly DiffusionRuntime _runtime;
    private readonly SurfaceSettings _settings;
    private readonly TileLayout _layout;
    private readonly Dictionary<(int X, int Y), Tile> _tiles = [];

    // Neighbours stand before whom they are needed by, so that the first that can begin is the first asked for.
    private readonly List<Tile> _order = [];
    private readonly Stack<TextureHandle> _textures = [];
    private readonly Stack<float[]> _images = [];
    private Tile? _patternTile;
    private float[]? _pattern;
    private int _inWork;
    private bool _isDisposed;

    /// <summary>Makes a surface without tiles.</summary>
    /// <param name="runtime">Generates the tiles; borrowed, and disposed after the surface.</param>
    /// <param name="settings">What the surface is made of.</param>
    /// <exception cref="ArgumentException">A setting breaks its rule.</exception>
    public EndlessSurface(DiffusionRuntime runtime, SurfaceSettings settings)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        ArgumentNullException.ThrowIfNull(settings);
        TextureRequest style = settings.Style
            ?? throw new ArgumentException("Style must not be null.", nameof(settings));
        if (!(style is { Image.IsEmpty: true, Mask.IsEmpty: true, EndTime: null, ReadyWithinTicks: null }))
        {
            throw new ArgumentException(
                "Style must have no Image, Mask, EndTime or ReadyWithinTicks: tiles have their own.", nameof(settings));
        }

        RequireCleanEnd(runtime.Check(style));
        int most = (Math.Min(style.Width, style.Height) - 1) / 2;
        if (settings.Overlap < 1 || settings.Overlap > most)
        {
            throw new ArgumentException($"Overlap must be 1 to {most} for tiles of {style.Width}x{style.Height}, "
                + $"not {settings.Overlap}.", nameof(settings));
        }

        if (settings.Departure is not (> 0 and <= 1))
        {
            throw new ArgumentException(
                $"Departure must be above 0 and at most 1, not {settings.Departure}.", nameof(settings));
        }

        if (settings.TilesInWork < 1)
        {
            throw new ArgumentException(
                $"TilesInWork must be at least 1, not {settings.TilesInWork}.", nameof(settings));
        }

        (_runtime, _settings) = (runtime, settings);
        _layout = new TileLayout(style.Width, style.Height, settings.Overlap, HasPattern);
        if (settings.Departure < 1)
        {
            // A pattern that does not fit is better found now.
            _ = runtime.Check(style with { Image = new float[_layout.ImageLength], Strength = settings.Departure });
        }
    }

    /// <summary>Distance of neighbours in x, in pixels: a tile's width without the overlap.</summary>
    public int CellWidth => _layout.CellWidth;

    /// <summary>Distance of neighbours in y, in pixels.</summary>
    public int CellHeight => _layout.CellHeight;

    /// <summary>Asks for a tile; once asked for, nothing happens.</summary>
    /// <param name="x">Any column; world pixels count modulo 2^32.</param>
    /// <param name="y">Any row.</param>
    public void Want(int x, int y)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!_tiles.TryGetValue((x, y), out Tile? tile) || !tile.IsWanted)
        {
            tile = Claim(x, y);
            tile.IsWanted = true;
        }
    }

    /// <summary>Lets a tile go, whose ring no one may read any more; nothing happens to one not asked for.</summary>
    /// <param name="x">The column.</param>
    /// <param name="y">The row.</param>
    public void Release(int x, int y)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_tiles.TryGetValue((x, y), out Tile? tile) && tile.IsWanted)
        {
            tile.IsWanted = false;
            Unclaim(tile);
        }
    }

    /// <summary>A tile as it stands. Allocates nothing.</summary>
    /// <param name="x">The column.</param>
    /// <param name="y">The row.</param>
    public SurfaceTile Get(int x, int y)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _tiles.TryGetValue((x, y), out Tile? tile)
            ? new SurfaceTile(tile.Status, tile.Texture, tile.Failure)
            {
                FirstGeneration = tile.Texture == default ? 0 : tile.FirstGeneration,
            }
            : default;
    }

    /// <summary>Takes note of tiles that are finished and begins the next; once a frame, before the runtime's tick.
    /// </summary>
    /// <returns>Whether a tile is still to be finished.</returns>
    public bool Update()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_patternTile is { Status: SurfaceTileStatus.Running } pattern)
        {
            Look(pattern);
            TakePattern(pattern);
        }

        foreach (Tile tile in _order)
        {
            Look(tile);
        }

        // By index, for a tile that begins lets go of neighbours, which leave the list before it: the next that is
        // passed over by that has its turn in the next frame.
        bool isAnyLeft = false;
        for (int i = 0; i < _order.Count; i++)
        {
            if (_order[i].Status == SurfaceTileStatus.Waiting)
            {
                TryBegin(_order[i]);
            }
        }

        foreach (Tile tile in _order)
        {
            isAnyLeft |= tile.Status is SurfaceTileStatus.Waiting or SurfaceTileStatus.Running;
        }

        return isAnyLeft;
    }

    /// <summary>Frees every tile and its texture.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        foreach (Tile tile in _order)
        {
            Free(tile);
        }

        if (_patternTile is not null)
        {
            Free(_patternTile);
        }

        while (_textures.TryPop(out TextureHandle texture))
        {
            _runtime.Release(texture);
        }
    }

    // What is kept comes out to the bit only where the last step is x' = D.
    private static void RequireCleanEnd(ChainSettings settings)
    {
        ReadOnlySpan<Schedules.NoiseLevel> levels = settings.Levels.Span;
        LinearStep last = settings.Solver.Plan(levels, levels.Length - 2);
        bool isClean = (float)last.Denoised[0] == 1 && (float)last.Sample == 0 && last.Noise == 0 && last.Langevin == 0
            && !last.LearnedVariance;
        for (int k = 1; k < LinearStep.MaxDenoised; k++)
        {
            isClean &= (float)last.Denoised[k] == 0 && (float)last.EarlierSamples[k - 1] == 0;
        }

        if (!isClean)
        {
            throw new ArgumentException(
                $"The solver '{settings.Solver.Name}' does not end at the clean estimate, so that tiles would not "
                + "meet.");
        }
    }

    /// <summary>A tile that someone asked for or that another needs.</summary>
    private sealed class Tile(int x, int y)
    {
        public int X => x;

        public int Y => y;

        public SurfaceTileStatus Status = SurfaceTileStatus.Waiting;
        public TextureHandle Texture;
        public ulong FirstGeneration = 1;
        public string? Failure;

        /// <summary>What it starts from, and keeps; while in work.</summary>
        public float[]? Image;

        /// <summary>Whether the host asked for it.</summary>
        public bool IsWanted;

        /// <summary>Whether it holds a claim on each of its neighbours: until it begins.</summary>
        public bool HoldsNeeds = true;

        /// <summary>The host's, if it is wanted, and one of each tile that has yet to begin beside it.</summary>
        public int Claims;
    }
}
