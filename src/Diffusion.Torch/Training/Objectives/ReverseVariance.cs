namespace Diffusion.Torch.Training.Objectives;

/// <summary>The variance of the reverse steps.</summary>
public enum ReverseVariance
{
    /// <summary>β̃, that of the posterior; the network has 3 output channels. [Ho20, Sec. 3.2]</summary>
    Fixed,

    /// <summary>Between β̃ and β, by 3 more output channels. [Nichol21, Eq. 15]</summary>
    Learned,
}
