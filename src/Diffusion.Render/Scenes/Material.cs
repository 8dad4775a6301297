using System.Numerics;

namespace Diffusion.Render.Scenes;

/// <summary>How a surface answers to light, besides its texture.</summary>
/// <param name="Tint">Multiplies the texture, linear light.</param>
/// <param name="Gloss">0 for chalk to 1 for lacquer.</param>
/// <param name="Relief">Height in world units that the texture's brightness stands for, 0 for none.</param>
public readonly record struct Material(Vector3 Tint, float Gloss, float Relief)
{
    /// <summary>Stone-like: a little gloss, a little relief.</summary>
    public static Material Default => new(Vector3.One, 0.35f, 0.012f);
}
