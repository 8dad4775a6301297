namespace Diffusion.Runtime.Solvers;

/// <summary>The variance of an ancestral step.</summary>
public enum DdpmVariance
{
    /// <summary>β̃, exact for data of no variance. [Ho20, Sec. 3.2]</summary>
    Small,

    /// <summary>β, exact for standard normal data. [Ho20, Sec. 3.2]</summary>
    Large,

    /// <summary>
    /// Between the two, value by value, as the network says in a second half of its channels. [Nichol21, Eq. 15]
    /// </summary>
    Learned,
}
