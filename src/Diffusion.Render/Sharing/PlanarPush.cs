namespace Diffusion.Render.Sharing;

/// <summary>Push constants of planar.glsl.</summary>
/// <param name="Width">In pixels.</param>
/// <param name="Height">In pixels.</param>
/// <param name="Offset">Of the red plane, in floats.</param>
internal readonly record struct PlanarPush(uint Width, uint Height, uint Offset);
