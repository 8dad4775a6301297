namespace Diffusion.Torch.Likelihood;

/// <summary>The variance of p(x_s | x_t) in the variational bound.</summary>
public enum StepVariance
{
    /// <summary>β̃, best for data that is one point. [Ho20, Sec. 3.2]</summary>
    Small,

    /// <summary>β, best for standard normal data; β̃ of the step before at the last step. [Ho20, Sec. 3.2]</summary>
    Large,

    /// <summary>Between the two in the logarithm, as the network says for each value. [Nichol21, Eq. 15]</summary>
    Learned,

    /// <summary>The best number for each level. [Bao22, Thm. 1]</summary>
    Optimal,
}
