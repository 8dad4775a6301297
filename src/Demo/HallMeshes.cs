using System.Numerics;
using Diffusion.Render.Devices;
using Diffusion.Render.Scenes;

namespace Diffusion.Demo;

/// <summary>The things that stand in the scene: a floor and four objects on it, each of another class.</summary>
/// <remarks>Owns the meshes.</remarks>
internal sealed class Materials : IDisposable
{
    private readonly Mesh _plane;
    private readonly Mesh _cube;
    private readonly Mesh _sphere;

    /// <summary>Builds the meshes.</summary>
    public Materials(VulkanDevice device)
    {
        _plane = MeshBuilder.Plane(device);
        _cube = MeshBuilder.Cube(device);
        _sphere = MeshBuilder.Sphere(device);
    }

    /// <summary>Where the camera stands.</summary>
    public static Camera Camera { get; } = Camera.LookAt(new Vector3(0, 2.6f, 6.4f), new Vector3(0, 0.55f, 0));

    /// <summary>Makes the surfaces.</summary>
    /// <param name="classNames">The model's classes; each surface takes its favourite or the one at its place.</param>
    /// <param name="firstClass">A class that every object but the floor takes, or null.</param>
    /// <param name="seed">Seed of the first surface; the others count on.</param>
    public static Surface[] CreateSurfaces(IReadOnlyList<string> classNames, string? firstClass, ulong seed)
    {
        (string Name, SurfaceShape Shape, Matrix4x4 Placement, float Turns, float Uv, string Favourite)[] things =
        [
            ("floor", SurfaceShape.Plane, Matrix4x4.CreateScale(48), 0, 32, "grass"),
            ("cube", SurfaceShape.Cube, Place(1.5f, -1.15f, 0.76f, 0.6f), 0.035f, 1, "brick"),
            ("sphere", SurfaceShape.Sphere, Place(1.7f, 1.15f, 0.86f, 0.7f), 0.04f, 2, "rock"),
            ("left cube", SurfaceShape.Cube, Place(1.1f, -3.0f, 0.56f, -0.9f), -0.03f, 1, "wood"),
            ("right sphere", SurfaceShape.Sphere, Place(1.3f, 3.1f, 0.66f, -0.9f), 0.03f, 2, "lava"),
        ];

        var surfaces = new Surface[things.Length];
        for (int i = 0; i < things.Length; i++)
        {
            var thing = things[i];
            surfaces[i] = new Surface
            {
                Name = thing.Name,
                Shape = thing.Shape,
                Placement = thing.Placement,
                TurnsPerSecond = thing.Turns,
                UvScale = thing.Uv,
                ClassLabel = LabelOf(classNames, i == 0 ? thing.Favourite : firstClass ?? thing.Favourite, i),
                Seed = seed + (ulong)i,
            };
        }

        return surfaces;
    }

    /// <summary>The mesh of a shape.</summary>
    public Mesh MeshOf(SurfaceShape shape) => shape switch
    {
        SurfaceShape.Plane => _plane,
        SurfaceShape.Cube => _cube,
        _ => _sphere,
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        _sphere.Dispose();
        _cube.Dispose();
        _plane.Dispose();
    }

    private static Matrix4x4 Place(float size, float x, float y, float z)
        => Matrix4x4.CreateScale(size) * Matrix4x4.CreateTranslation(x, y, z);

    private static int LabelOf(IReadOnlyList<string> classNames, string name, int place)
    {
        for (int label = 0; label < classNames.Count; label++)
        {
            if (classNames[label] == name)
            {
                return label;
            }
        }

        return classNames.Count == 0 ? 0 : place % classNames.Count;
    }
}
