namespace Diffusion.Render.Compute;

/// <summary>
/// How the device keeps a network's matrices and activations. Sums, the statistics of normalisations, embeddings,
/// biases and x_t are float32 either way.
/// </summary>
public enum StoragePrecision
{
    /// <summary>In float32: parity with other backends to rounding.</summary>
    Full,

    /// <summary>
    /// In float16: half the memory and traffic, eleven bits of each value; no device feature is needed. For networks
    /// whose activations stay below 65504.
    /// </summary>
    Half,
}
