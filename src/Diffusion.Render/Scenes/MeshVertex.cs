using System.Numerics;

namespace Diffusion.Render.Scenes;

/// <summary>A vertex of a <see cref="Mesh"/>, 36 bytes.</summary>
/// <param name="Position">Position in the model's space.</param>
/// <param name="Normal">Unit normal.</param>
/// <param name="Uv">Texture coordinates, 1 a repetition.</param>
/// <param name="Openness">Share of the light from all around that arrives, 0 in a crevice to 1 in the open.</param>
public readonly record struct MeshVertex(Vector3 Position, Vector3 Normal, Vector2 Uv, float Openness = 1f);
