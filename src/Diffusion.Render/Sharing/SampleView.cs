namespace Diffusion.Render.Sharing;

/// <summary>Which image of a sample a texture shows.</summary>
public enum SampleView
{
    /// <summary>x_t: the noisy sample as it is.</summary>
    Sample,

    /// <summary>D(x_t): the clean image predicted from it.</summary>
    Denoised,
}
