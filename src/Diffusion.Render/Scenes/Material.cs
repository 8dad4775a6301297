using System.Numerics;

namespace Diffusion.Render.Scenes;

/// <summary>How a surface answers to light, besides its texture.</summary>
/// <param name="Tint">Multiplies the texture, linear light.</param>
/// <param name="Roughness">0 for a mirror to 1 for chalk: the square root of GGX's alpha [Burley12].</param>
/// <param name="Relief">Height in repetitions of the texture that its brightness stands for, 0 for none.</param>
/// <param name="Metalness">0 for stone or wood, 1 for metal, whose texture is the colour of its reflection.</param>
/// <param name="Emission">Light given off, in multiples of the texture; 0 for none.</param>
public readonly record struct Material(
    Vector3 Tint, float Roughness, float Relief, float Metalness = 0f, float Emission = 0f)
{
    /// <summary>Stone-like: rough, with a little relief.</summary>
    public static Material Default => new(Vector3.One, 0.6f, 0.02f);
}
