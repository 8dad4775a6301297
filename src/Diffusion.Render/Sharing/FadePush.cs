namespace Diffusion.Render.Sharing;

/// <summary>Push constants of fade.glsl.</summary>
/// <param name="Width">In pixels.</param>
/// <param name="Height">In pixels.</param>
/// <param name="Weight">Of the image that is faded to, in [0, 1].</param>
internal readonly record struct FadePush(uint Width, uint Height, float Weight);
