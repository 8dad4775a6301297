namespace Diffusion.Runtime.Denoising;

/// <summary>
/// What a network was trained to predict; the first three are the values of diffusers' <c>prediction_type</c>.
/// </summary>
public enum PredictionType
{
    /// <summary>The noise ε; <c>epsilon</c>. [Ho20, Eq. 14]</summary>
    Epsilon,

    /// <summary>The clean image x_0; <c>sample</c>.</summary>
    Sample,

    /// <summary>The velocity v = α·ε - σ·x_0; <c>v_prediction</c>. [Salimans22, Sec. 4]</summary>
    VPrediction,

    /// <summary>The score ∇ log q(x_t) = -ε/σ; <c>score</c>. [Song21SDE, Sec. 3.3]</summary>
    Score,

    /// <summary>EDM's F, a mix of x_0 and ε of unit variance at every level; <c>edm</c>. [Karras22, Eq. 7]</summary>
    Edm,
}
