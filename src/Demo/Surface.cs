using Diffusion.Render.Sharing;
using Diffusion.Runtime;

namespace Diffusion.Demo;

/// <summary>Things in the scene that share a texture, and the texture that grows on them.</summary>
/// <remarks><see cref="Texture"/> belongs to the pass that <see cref="SurfaceSet.Attach"/> was given.</remarks>
internal sealed class Surface
{
    /// <summary>What the overlay calls it.</summary>
    public required string Name { get; init; }

    /// <summary>Where its texture is in the scene.</summary>
    public required SurfacePart[] Parts { get; init; }

    /// <summary>Index into the model's classes.</summary>
    public int ClassLabel { get; set; }

    /// <summary>Seed of its noise.</summary>
    public ulong Seed { get; set; }

    /// <summary>The runtime's texture.</summary>
    public TextureHandle Handle { get; set; }

    /// <summary>What the scene samples.</summary>
    public SharedTexture Texture { get; set; } = null!;
}
