namespace Diffusion.Torch.Likelihood;

/// <summary>The random vector v of the trace estimate tr J ≈ vᵀJv, of mean 0 and covariance I.</summary>
public enum TraceProbe
{
    /// <summary>Each value -1 or 1; exact for a diagonal J, and of the least variance. [Hutchinson90, Sec. 2]</summary>
    Rademacher,

    /// <summary>Standard normal. [Grathwohl19, Sec. 3.1]</summary>
    Gaussian,
}
