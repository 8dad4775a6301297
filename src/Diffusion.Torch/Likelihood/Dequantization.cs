namespace Diffusion.Torch.Likelihood;

/// <summary>How bytes become the continuous data whose density a flow has.</summary>
public enum Dequantization
{
    /// <summary>
    /// Uniform noise within the byte. Simple and usual; but the flow cannot tell finer than its cleanest level's noise,
    /// so a pixel costs at least 1.1 bits on the cosine table, however sure the network is. [Song21SDE, App. D.2]
    /// </summary>
    Uniform,

    /// <summary>
    /// The forward process up to the cleanest level, undone by the bound's decoder L_0: comparable with the variational
    /// bound, of which only the chain is replaced. [Ho20, Eq. 13] [Kingma21, Sec. 3.3]
    /// </summary>
    Diffusion,
}
