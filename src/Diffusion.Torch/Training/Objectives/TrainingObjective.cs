namespace Diffusion.Torch.Training.Objectives;

/// <summary>What training minimises.</summary>
public enum TrainingObjective
{
    /// <summary>The weighted square error of the network's output. [Ho20, Eq. 14]</summary>
    Simple,

    /// <summary>The variational bound L_T + Σ L_(t-1) + L_0, in bits per dimension. [Ho20, Eq. 5]</summary>
    Vlb,

    /// <summary>
    /// <see cref="Simple"/> for the mean and a thousandth of <see cref="Vlb"/> for the variance. [Nichol21, Eq. 16]
    /// </summary>
    Hybrid,

    /// <summary>Denoising score matching. [Song21SDE, Sec. 3.3]</summary>
    Score,

    /// <summary>EDM's preconditioned loss at log-normal σ. [Karras22, Eq. 8]</summary>
    Edm,

    /// <summary>
    /// The bound in continuous time with a learned schedule, in bits per dimension. [Kingma21, Sec. 5]
    /// </summary>
    Vdm,

    /// <summary>
    /// To go in one step where a teacher goes in several: multistep consistency distillation. [Heek24, Alg. 1]
    /// </summary>
    Distillation,
}
