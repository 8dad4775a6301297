using System.Numerics;

namespace Diffusion.Render.Scenes;

/// <summary>Light and backdrop of a scene; colours are linear light.</summary>
public sealed record SceneLight
{
    /// <summary>Points towards the key light; any length above 0.</summary>
    public Vector3 Direction { get; init; } = new(0.55f, 0.9f, 0.45f);

    /// <summary>The key light, warm by default.</summary>
    public Vector3 Colour { get; init; } = new(2.2f, 1.92f, 1.56f);

    /// <summary>Ambient light from above.</summary>
    public Vector3 Sky { get; init; } = new(0.36f, 0.43f, 0.55f);

    /// <summary>Ambient light from below.</summary>
    public Vector3 Ground { get; init; } = new(0.16f, 0.13f, 0.11f);

    /// <summary>Backdrop at the top of the frame.</summary>
    public Vector3 BackgroundTop { get; init; } = new(0.013f, 0.016f, 0.022f);

    /// <summary>Backdrop at the bottom of the frame; far surfaces fade into the backdrop.</summary>
    public Vector3 BackgroundBottom { get; init; } = new(0.055f, 0.055f, 0.06f);

    /// <summary>The inverse of the distance at which surfaces have mostly faded into the backdrop.</summary>
    public float FogDensity { get; init; } = 0.075f;

    /// <summary>Half the side of the square around the camera's target that casts shadows.</summary>
    public float ShadowRadius { get; init; } = 5f;

    internal Matrix4x4 ViewProjection(Vector3 target)
    {
        Vector3 toLight = Vector3.Normalize(Direction);
        Vector3 up = MathF.Abs(toLight.Y) > 0.99f ? Vector3.UnitZ : Vector3.UnitY;
        float size = 2f * ShadowRadius;
        return Matrix4x4.CreateLookAt(target + (toLight * size), target, up)
            * Matrix4x4.CreateOrthographic(size, size, 0.1f, 2f * size);
    }
}
