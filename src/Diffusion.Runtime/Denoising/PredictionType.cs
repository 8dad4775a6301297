namespace Diffusion.Runtime.Denoising;

/// <summary>What a network was trained to predict; the values of diffusers' <c>prediction_type</c>.</summary>
public enum PredictionType
{
    /// <summary>The noise ε; <c>epsilon</c>. [Ho20, Eq. 14]</summary>
    Epsilon,

    /// <summary>The clean image x_0; <c>sample</c>.</summary>
    Sample,

    /// <summary>The velocity v = α·ε - σ·x_0; <c>v_prediction</c>. [Salimans22, Sec. 4]</summary>
    VPrediction,
}
