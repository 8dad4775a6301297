using System.Numerics;

namespace Diffusion.Render.Scenes;

/// <summary>Light and backdrop of a scene.</summary>
/// <remarks>
/// Colours are linear light; a light's colour is what a white surface that faces it has. Only the key light casts
/// shadows.
/// </remarks>
public sealed record SceneLight
{
    /// <summary>Points towards the key light; any length above 0.</summary>
    public Vector3 Direction { get; init; } = new(0.55f, 0.9f, 0.45f);

    /// <summary>The key light, warm by default.</summary>
    public Vector3 Colour { get; init; } = new(2.7f, 2.35f, 1.95f);

    /// <summary>Centre of a ball that glows, in world units.</summary>
    public Vector3 LampPosition { get; init; }

    /// <summary>Radius of the ball that glows, above 0.</summary>
    public float LampRadius { get; init; } = 1f;

    /// <summary>The ball's light; black, the default, for none.</summary>
    public Vector3 LampColour { get; init; }

    /// <summary>The sky: what arrives from above.</summary>
    public Vector3 Sky { get; init; } = new(0.5f, 0.58f, 0.72f);

    /// <summary>What the surroundings throw back: it arrives from below, and from where the sky is hidden.</summary>
    public Vector3 Ground { get; init; } = new(0.2f, 0.165f, 0.14f);

    /// <summary>
    /// Side of the square around the vertical axis through which the sky shines, in world units: a courtyard's. The
    /// default is the open air.
    /// </summary>
    public float OpeningSize { get; init; } = 1e9f;

    /// <summary>Height of that square.</summary>
    public float OpeningHeight { get; init; } = 1000f;

    /// <summary>Multiplies all light before the film curve.</summary>
    public float Exposure { get; init; } = 1f;

    /// <summary>Backdrop at the top of the frame, as displayed: the film curve leaves it alone.</summary>
    public Vector3 BackgroundTop { get; init; } = new(0.013f, 0.016f, 0.022f);

    /// <summary>Backdrop at the bottom of the frame; far surfaces fade into the backdrop.</summary>
    public Vector3 BackgroundBottom { get; init; } = new(0.055f, 0.055f, 0.06f);

    /// <summary>The inverse of the distance at which surfaces have mostly faded into the backdrop.</summary>
    public float FogDensity { get; init; } = 0.075f;

    /// <summary>Half the side of the square that casts shadows.</summary>
    public float ShadowRadius { get; init; } = 5f;

    /// <summary>Centre of that square; null, the default, takes the camera's target.</summary>
    public Vector3? ShadowCentre { get; init; }

    internal Matrix4x4 ViewProjection(Vector3 target)
    {
        Vector3 toLight = Vector3.Normalize(Direction);
        Vector3 up = MathF.Abs(toLight.Y) > 0.99f ? Vector3.UnitZ : Vector3.UnitY;
        float size = 2f * ShadowRadius;
        return Matrix4x4.CreateLookAt(target + (toLight * size), target, up)
            * Matrix4x4.CreateOrthographic(size, size, 0.1f, 2f * size);
    }
}
