using System.Numerics;

namespace Diffusion.Render.Scenes;

/// <summary>Push constants of mesh.vert and mesh.frag; shadow.vert reads the matrix alone.</summary>
internal readonly record struct DrawConstants(Matrix4x4 Model, Vector4 Tint, Vector4 Parameters);
