namespace Diffusion.Runtime.Surfaces;

/// <summary>A tile as it stands.</summary>
/// <param name="Status">Where it stands.</param>
/// <param name="Texture">Its texture in the runtime while <see cref="SurfaceTileStatus.Running"/> or
/// <see cref="SurfaceTileStatus.Completed"/>: read it, and leave its life to the surface.</param>
/// <param name="FailureReason">Why it failed, or null.</param>
public readonly record struct SurfaceTile(SurfaceTileStatus Status, TextureHandle Texture, string? FailureReason)
{
    /// <summary>
    /// The first generation of the ring that shows this tile, 0 without a texture: what is older is of the tile that
    /// had the texture before, and stays until this one's noise is drawn.
    /// </summary>
    public ulong FirstGeneration { get; init; }
}
