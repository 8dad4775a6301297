using System.Numerics;
using Diffusion.Render.Sharing;

namespace Diffusion.Render.Scenes;

/// <summary>One draw of the frame being gathered.</summary>
internal readonly record struct DrawItem(
    Mesh Mesh, Matrix4x4 Model, SharedTexture? Texture, float UvScale, Material Material);
