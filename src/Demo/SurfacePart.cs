using System.Numerics;

namespace Diffusion.Demo;

/// <summary>One mesh that carries a surface's texture.</summary>
/// <param name="Shape">Its mesh.</param>
/// <param name="Placement">Model matrix at rest.</param>
/// <param name="UvScale">Repetitions of the texture for each unit of the mesh's texture coordinates.</param>
/// <param name="TurnsPerSecond">Turns per second around its own vertical axis.</param>
internal readonly record struct SurfacePart(
    HallShape Shape, Matrix4x4 Placement, float UvScale, float TurnsPerSecond = 0)
{
    /// <summary>Model matrix at <paramref name="seconds"/> from the start.</summary>
    public Matrix4x4 PlacementAt(double seconds) => TurnsPerSecond == 0
        ? Placement
        : Matrix4x4.CreateRotationY((float)(seconds * TurnsPerSecond * 2 * Math.PI)) * Placement;
}
