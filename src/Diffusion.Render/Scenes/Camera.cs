using System.Numerics;

namespace Diffusion.Render.Scenes;

/// <summary>A perspective camera; y is up.</summary>
/// <param name="Position">Where it is.</param>
/// <param name="Target">What it looks at; shadows are sharp around it.</param>
/// <param name="VerticalFieldOfView">In radians, in (0, π).</param>
/// <param name="NearPlane">Distance of the near plane, above 0.</param>
/// <param name="FarPlane">Distance of the far plane, above the near one.</param>
public readonly record struct Camera(
    Vector3 Position, Vector3 Target, float VerticalFieldOfView, float NearPlane, float FarPlane)
{
    private const float DefaultFieldOfView = 0.7f;

    /// <summary>A camera with the usual angle and planes.</summary>
    /// <param name="position">Where it is.</param>
    /// <param name="target">What it looks at.</param>
    public static Camera LookAt(Vector3 position, Vector3 target)
        => new(position, target, DefaultFieldOfView, 0.1f, 100f);

    internal Matrix4x4 ViewProjection(float aspect)
        => Matrix4x4.CreateLookAt(Position, Target, Vector3.UnitY)
            * Matrix4x4.CreatePerspectiveFieldOfView(VerticalFieldOfView, aspect, NearPlane, FarPlane);
}
