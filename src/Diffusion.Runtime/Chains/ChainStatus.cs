namespace Diffusion.Runtime.Chains;

/// <summary>Where a chain stands.</summary>
public enum ChainStatus
{
    /// <summary>It has work to do.</summary>
    Running,

    /// <summary>The host paused it.</summary>
    Paused,

    /// <summary>
    /// A finished step finds no free slot, because readers hold them all, or a device is not done or not yet prepared;
    /// advancing tries again.
    /// </summary>
    Waiting,

    /// <summary>All steps are done.</summary>
    Completed,

    /// <summary>The host cancelled it; only a restart revives it.</summary>
    Cancelled,

    /// <summary>The backend threw or x_t is no longer finite; only a restart revives it.</summary>
    Failed,
}
