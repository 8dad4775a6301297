namespace Diffusion.Torch.Training.Times;

/// <summary>How the times of a batch are drawn.</summary>
public enum TimeSampling
{
    /// <summary>One in each N-th of the range: less variance for nothing. [Kingma21, App. I.1]</summary>
    LowDiscrepancy,

    /// <summary>Independently and uniformly. [Ho20, Alg. 1]</summary>
    Uniform,

    /// <summary>In proportion to the root mean square of the losses seen there. [Nichol21, Eq. 18]</summary>
    Importance,

    /// <summary>
    /// In proportion to λ(t)/σ(t)², the variance of likelihood-weighted score matching. [Song21ML]
    /// </summary>
    Likelihood,
}
