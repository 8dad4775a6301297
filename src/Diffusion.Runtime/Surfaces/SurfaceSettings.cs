namespace Diffusion.Runtime.Surfaces;

/// <summary>What an <see cref="EndlessSurface"/> is made of, and how it is cut into tiles.</summary>
/// <remarks>Immutable; checked as a whole by <see cref="EndlessSurface"/>.</remarks>
public sealed record SurfaceSettings
{
    /// <summary>The default of <see cref="Departure"/>: enough to tell tiles apart, and one colour.</summary>
    public const double DefaultDeparture = 0.6;

    /// <summary>
    /// Class, solver, steps and guidance of every tile; its seed is the world's, and its size a tile's with what it
    /// shares with its neighbours. No image, mask, end time or deadline, and a solver whose last step gives the clean
    /// estimate, as all but <c>pndm</c> do.
    /// </summary>
    /// <remarks><see cref="TextureRequest.Seamless"/> should stay true for a network that was trained so: at a border
    /// padded with zeros it draws noise.</remarks>
    public required TextureRequest Style { get; init; }

    /// <summary>
    /// Pixels that neighbours have in common, 1 to less than half of a tile's edge. More of them join what is harder to
    /// join, and leave less that is new. Default 16.
    /// </summary>
    public int Overlap { get; init; } = 16;

    /// <summary>
    /// How far tiles depart from one pattern, in (0, 1]: each starts from the style's own texture, laid over the whole
    /// plane, at that part of its steps, as <see cref="TextureRequest.Strength"/> has it. It keeps a world of one
    /// colour and one bond. At 1 there is no pattern: every free tile is a texture of its own. Default 0.6.
    /// </summary>
    public double Departure { get; init; } = DefaultDeparture;

    /// <summary>Tiles that may be in work at once, at least 1; those asked for first go first. Default 2.</summary>
    public int TilesInWork { get; init; } = 2;
}
