namespace Diffusion.Render.Compute;

/// <summary>How the device keeps the matrices of a network; sums are float32 either way.</summary>
public enum WeightStorage
{
    /// <summary>As they are: parity with other backends to rounding.</summary>
    Full,

    /// <summary>
    /// Half the memory and traffic, eleven bits of each weight. Biases and norms stay float32; no device feature is
    /// needed.
    /// </summary>
    Half,
}
