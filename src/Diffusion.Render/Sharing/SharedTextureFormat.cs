namespace Diffusion.Render.Sharing;

/// <summary>What a texel of a <see cref="SharedTexture"/> is. Sampling gives linear light with either.</summary>
public enum SharedTextureFormat
{
    /// <summary>Four bytes, sRGB-encoded: <c>R8G8B8A8_SRGB</c>. What is outside [-1, 1] is clamped.</summary>
    Rgba8,

    /// <summary>
    /// Four halves, linear: <c>R16G16B16A16_SFLOAT</c>. Dark tones keep their steps, and noise or light brighter than
    /// white, up to 25 times, is kept; twice the memory, and staging copies three times the bytes.
    /// </summary>
    Rgba16Float,
}
