using System.Numerics;

namespace Diffusion.Render.Scenes;

/// <summary>A vertex of a <see cref="Mesh"/>, 32 bytes.</summary>
/// <param name="Position">Position in the model's space.</param>
/// <param name="Normal">Unit normal.</param>
/// <param name="Uv">Texture coordinates, 1 a repetition.</param>
public readonly record struct MeshVertex(Vector3 Position, Vector3 Normal, Vector2 Uv);
