namespace Diffusion.Runtime.Surfaces;

/// <summary>Where a tile stands.</summary>
public enum SurfaceTileStatus
{
    /// <summary>Nobody asked for it.</summary>
    Absent,

    /// <summary>It has not begun: its neighbours come first, or others that were asked for before.</summary>
    Waiting,

    /// <summary>Its texture is in work, and may be shown.</summary>
    Running,

    /// <summary>Its texture is finished.</summary>
    Completed,

    /// <summary>It failed, or a neighbour that it needs did; release it to ask again.</summary>
    Failed,
}
