using System.Numerics;

namespace Diffusion.Render.Scenes;

/// <summary>A glyph or rectangle of the overlay: the layout that overlay.vert reads.</summary>
internal readonly record struct OverlayQuad(Vector2 Position, Vector2 Size, uint Colour, uint Glyph)
{
    /// <summary>Value of <see cref="Glyph"/> for a filled rectangle.</summary>
    public const uint Solid = uint.MaxValue;
}
