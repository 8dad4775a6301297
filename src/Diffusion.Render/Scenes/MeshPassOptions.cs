namespace Diffusion.Render.Scenes;

/// <summary>Quality of a <see cref="MeshPass"/>.</summary>
public sealed record MeshPassOptions
{
    /// <summary>Samples a pixel, 1, 2, 4 or 8; lowered to what the device has. Default 4.</summary>
    public int Samples { get; init; } = 4;

    /// <summary>Side of the shadow map in texels, at least 16. Default 1024.</summary>
    public int ShadowMapSize { get; init; } = 1024;

    /// <summary>Most samples that a texture takes along the slope of a surface, 1 for none; lowered to what the device
    /// has. Default 8.</summary>
    public int Anisotropy { get; init; } = 8;

    /// <summary>Whether textures fade from one mip level to the next, at twice the reads. Default true.</summary>
    public bool BlendsMipLevels { get; init; } = true;

    /// <summary>Draws that one frame can hold. Default 256.</summary>
    public int Capacity { get; init; } = 256;
}
