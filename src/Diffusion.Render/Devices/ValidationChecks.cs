namespace Diffusion.Render.Devices;

/// <summary>What the validation layer looks for besides the wrong use of a call.</summary>
[Flags]
public enum ValidationChecks
{
    /// <summary>Nothing more.</summary>
    None = 0,

    /// <summary>Missing barriers.</summary>
    Synchronisation = 1,

    /// <summary>Uses that are allowed and rarely wise.</summary>
    BestPractices = 2,

    /// <summary>Accesses out of bounds, by code that the layer adds to shaders; slow.</summary>
    GpuAssisted = 4,
}
