namespace Diffusion.Torch.Training.Optimizers;

/// <summary>What turns gradients into steps.</summary>
public enum OptimizerKind
{
    /// <summary>Adam with decoupled weight decay. [Loshchilov19]</summary>
    AdamW,

    /// <summary>Orthogonalised momentum for hidden matrices and kernels, AdamW for the rest. [Jordan24]</summary>
    Muon,
}
