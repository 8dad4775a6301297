namespace Diffusion.Torch.Training.Objectives;

/// <summary>How the noise levels count against each other.</summary>
public enum LossWeighting
{
    /// <summary>1 for the error of whatever the network predicts; λ(t) = σ(t)² for score matching.</summary>
    Uniform,

    /// <summary>
    /// That of the variational bound; λ(t) = g(t)² for score matching. [Kingma21, Sec. 5] [Song21ML, Thm. 1]
    /// </summary>
    /// <remarks>
    /// In continuous time, to which a table's own λ_t tends. That one, which the objective <c>vlb</c> has, weighs an error
    /// of ε at the capped last β of a cosine table 145 times more, and training would be all that level's.
    /// </remarks>
    Bound,

    /// <summary>Less for the levels that only remove invisible noise, 1/(1 + SNR) for ε. [Choi22]</summary>
    P2,

    /// <summary>The signal-to-noise ratio, capped at 5, for x_0. [Hang23]</summary>
    MinSnr,
}
