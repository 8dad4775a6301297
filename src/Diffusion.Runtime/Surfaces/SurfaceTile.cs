namespace Diffusion.Runtime.Surfaces;

/// <summary>A tile as it stands.</summary>
/// <param name="Status">Where it stands.</param>
/// <param name="Texture">Its texture in the runtime while <see cref="SurfaceTileStatus.Running"/> or
/// <see cref="SurfaceTileStatus.Completed"/>: read it, and leave its life to the surface.</param>
/// <param name="FailureReason">Why it failed, or null.</param>
public readonly record struct SurfaceTile(SurfaceTileStatus Status, TextureHandle Texture, string? FailureReason);
