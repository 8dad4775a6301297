using System.Numerics;
using Diffusion.Render.Sharing;
using Diffusion.Runtime;

namespace Diffusion.Demo;

/// <summary>One thing in the scene and the texture that grows on it.</summary>
/// <remarks><see cref="Texture"/> belongs to the pass that <see cref="SurfaceSet.Attach"/> was given.</remarks>
internal sealed class Surface
{
    /// <summary>What the overlay calls it.</summary>
    public required string Name { get; init; }

    /// <summary>Its mesh.</summary>
    public required SurfaceShape Shape { get; init; }

    /// <summary>Model matrix at rest.</summary>
    public required Matrix4x4 Placement { get; init; }

    /// <summary>Turns per second around its own vertical axis.</summary>
    public float TurnsPerSecond { get; init; }

    /// <summary>Repeats of the texture across the mesh.</summary>
    public float UvScale { get; init; } = 1;

    /// <summary>Index into the model's classes.</summary>
    public int ClassLabel { get; set; }

    /// <summary>Seed of its noise.</summary>
    public ulong Seed { get; set; }

    /// <summary>The runtime's texture.</summary>
    public TextureHandle Handle { get; set; }

    /// <summary>What the scene samples.</summary>
    public SharedTexture Texture { get; set; } = null!;

    /// <summary>Model matrix at <paramref name="seconds"/> from the start.</summary>
    public Matrix4x4 PlacementAt(double seconds) =>
        Matrix4x4.CreateRotationY((float)(seconds * TurnsPerSecond * 2 * Math.PI)) * Placement;
}
