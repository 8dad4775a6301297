using System.Numerics;
using Diffusion.Render.Devices;

namespace Diffusion.Render.Scenes;

/// <summary>Builds the shapes of the demo scene.</summary>
public static class MeshBuilder
{
    // Enough for a rounded edge that spans a few pixels.
    private const int BevelSegments = 4;

    /// <summary>A square in the xz plane, facing +y; texture coordinates run from 0 to 1.</summary>
    /// <param name="device">Device.</param>
    /// <param name="size">Side length, above 0.</param>
    public static Mesh Plane(VulkanDevice device, float size = 1f)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        float h = size / 2f;
        return new Mesh(
            device,
            [
                new(new(-h, 0, -h), Vector3.UnitY, new(0, 0)),
                new(new(-h, 0, h), Vector3.UnitY, new(0, 1)),
                new(new(h, 0, h), Vector3.UnitY, new(1, 1)),
                new(new(h, 0, -h), Vector3.UnitY, new(1, 0)),
            ],
            [0, 1, 2, 0, 2, 3],
            "plane");
    }

    /// <summary>A cube of side 1 around the origin; texture coordinates run from 0 to 1 on each face.</summary>
    /// <param name="device">Device.</param>
    /// <param name="bevel">Radius of its edges, in (0, 0.5): a rounded edge catches the light as a sharp one never
    /// does.</param>
    public static Mesh Cube(VulkanDevice device, float bevel = 0.035f)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bevel);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(bevel, 0.5f);
        List<MeshVertex> vertices = [];
        List<uint> indices = [];
        ReadOnlySpan<float> lines = CubeLines(bevel);
        ReadOnlySpan<Vector3> normals =
            [Vector3.UnitX, -Vector3.UnitX, Vector3.UnitY, -Vector3.UnitY, Vector3.UnitZ, -Vector3.UnitZ];
        foreach (Vector3 normal in normals)
        {
            AddFace(vertices, indices, lines, normal, bevel);
        }

        return new Mesh(device, vertices.ToArray(), indices.ToArray(), "cube");
    }

    /// <summary>
    /// A sphere of radius 0.5 around the origin; u runs from 0 to 2 around, v from 0 to 1 from the top.
    /// </summary>
    /// <param name="device">Device.</param>
    /// <param name="segments">Segments from pole to pole, at least 3; twice as many go around.</param>
    public static Mesh Sphere(VulkanDevice device, int segments = 32)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(segments, 3);
        List<MeshVertex> vertices = [];
        List<uint> indices = [];
        int around = 2 * segments;
        for (int ring = 0; ring <= segments; ring++)
        {
            (float sinTheta, float cosTheta) = MathF.SinCos(MathF.PI * ring / segments);
            for (int side = 0; side <= around; side++)
            {
                (float sinPhi, float cosPhi) = MathF.SinCos(2f * MathF.PI * side / around);
                var normal = new Vector3(sinTheta * sinPhi, cosTheta, sinTheta * cosPhi);
                vertices.Add(new(normal * 0.5f, normal, new(2f * side / around, (float)ring / segments)));
            }
        }

        AddGrid(indices, 0, (uint)segments, (uint)around);
        return new Mesh(device, vertices.ToArray(), indices.ToArray(), "sphere");
    }

    private static float[] CubeLines(float bevel)
    {
        // Lines lie close together in the bevels and nowhere else.
        var lines = new float[2 * (BevelSegments + 1)];
        for (int i = 0; i <= BevelSegments; i++)
        {
            lines[i] = -0.5f + (bevel * i / BevelSegments);
            lines[^(i + 1)] = -lines[i];
        }

        return lines;
    }

    private static void AddFace(
        List<MeshVertex> vertices, List<uint> indices, ReadOnlySpan<float> lines, Vector3 normal, float bevel)
    {
        Vector3 right = MathF.Abs(normal.Y) > 0.5f ? Vector3.UnitX : Vector3.Cross(Vector3.UnitY, normal);
        Vector3 down = -Vector3.Cross(normal, right);
        var inner = new Vector3(0.5f - bevel);
        uint first = (uint)vertices.Count;
        foreach (float y in lines)
        {
            foreach (float x in lines)
            {
                Vector3 onFace = (normal * 0.5f) + (right * x) + (down * y);
                Vector3 core = Vector3.Clamp(onFace, -inner, inner);
                Vector3 outward = Vector3.Normalize(onFace - core);
                vertices.Add(new(core + (outward * bevel), outward, new(x + 0.5f, y + 0.5f)));
            }
        }

        AddGrid(indices, first, (uint)lines.Length - 1, (uint)lines.Length - 1);
    }

    /// <summary>
    /// Two triangles a cell of a grid whose rows run down and whose columns run right, seen from outside.
    /// </summary>
    private static void AddGrid(List<uint> indices, uint first, uint rows, uint columns)
    {
        for (uint row = 0; row < rows; row++)
        {
            for (uint column = 0; column < columns; column++)
            {
                uint topLeft = first + (row * (columns + 1)) + column;
                uint bottomLeft = topLeft + columns + 1;
                indices.AddRange([topLeft, bottomLeft, bottomLeft + 1, topLeft, bottomLeft + 1, topLeft + 1]);
            }
        }
    }
}
