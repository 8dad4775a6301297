using System.Numerics;
using Diffusion.Render.Devices;

namespace Diffusion.Render.Scenes;

/// <summary>Builds simple shapes.</summary>
/// <remarks>
/// Most take a function for <see cref="MeshVertex.Openness"/>: from position and unit normal in the model's space to
/// the share of the light around that arrives there; null means all of it. It is called once for each vertex, when the
/// mesh is made: shading that costs nothing in a frame, for what does not move.
/// </remarks>
public static class MeshBuilder
{
    // Enough for a rounded edge that spans a few pixels.
    private const int BevelSegments = 4;
    private const int LineCount = 2 * (BevelSegments + 1);

    /// <summary>A square in the xz plane, facing +y; texture coordinates run from 0 to 1.</summary>
    /// <param name="device">Device.</param>
    /// <param name="size">Side length, above 0.</param>
    public static Mesh Plane(VulkanDevice device, float size = 1f)
        => Grid(device, new Vector2(size), Vector2.Zero, Vector2.One, (1, 1), null);

    /// <summary>A rectangle in the xz plane, facing +y; texture coordinates count units.</summary>
    /// <param name="device">Device.</param>
    /// <param name="size">Extent along x and z, above 0.</param>
    /// <param name="cell">About how far its vertices stand apart, above 0: as close as
    /// <paramref name="openness"/> needs.</param>
    /// <param name="openness">Light that arrives at a point, or null.</param>
    /// <param name="textureOrigin">Texture coordinates of the corner towards -x and -z.</param>
    public static Mesh Rectangle(
        VulkanDevice device, Vector2 size, float cell, Func<Vector3, Vector3, float>? openness = null,
        Vector2 textureOrigin = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cell);
        var cells = ((int)MathF.Ceiling(size.X / cell), (int)MathF.Ceiling(size.Y / cell));
        return Grid(device, size, textureOrigin, size, cells, openness);
    }

    /// <summary>A cube of side 1 around the origin; texture coordinates run from 0 to 1 on each face.</summary>
    /// <param name="device">Device.</param>
    /// <param name="bevel">Radius of its edges, in (0, 0.5): a rounded edge catches the light as a sharp one never
    /// does.</param>
    /// <param name="openness">Light that arrives at a point, or null.</param>
    public static Mesh Cube(
        VulkanDevice device, float bevel = 0.035f, Func<Vector3, Vector3, float>? openness = null)
        => Box(device, Vector3.One, bevel, openness);

    /// <summary>A box around the origin; texture coordinates count units on each face.</summary>
    /// <param name="device">Device.</param>
    /// <param name="size">Its sides.</param>
    /// <param name="bevel">Radius of its edges, above 0 and below half of the shortest side.</param>
    /// <param name="openness">Light that arrives at a point, or null.</param>
    public static Mesh Box(
        VulkanDevice device, Vector3 size, float bevel, Func<Vector3, Vector3, float>? openness = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bevel);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(
            bevel, MathF.Min(size.X, MathF.Min(size.Y, size.Z)) / 2f);
        var shape = new MeshShape(openness);
        ReadOnlySpan<Vector3> normals =
            [Vector3.UnitX, -Vector3.UnitX, Vector3.UnitY, -Vector3.UnitY, Vector3.UnitZ, -Vector3.UnitZ];
        foreach (Vector3 normal in normals)
        {
            AddFace(shape, size, normal, bevel);
        }

        return shape.Upload(device, "box");
    }

    /// <summary>
    /// A sphere of radius 0.5 around the origin; u runs from 0 to 2 around, v from 0 to 1 from the top.
    /// </summary>
    /// <param name="device">Device.</param>
    /// <param name="segments">Segments from pole to pole, at least 3; twice as many go around.</param>
    /// <param name="openness">Light that arrives at a point, or null.</param>
    public static Mesh Sphere(
        VulkanDevice device, int segments = 32, Func<Vector3, Vector3, float>? openness = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(segments, 3);
        var shape = new MeshShape(openness);
        int around = 2 * segments;
        for (int ring = 0; ring <= segments; ring++)
        {
            (float sinTheta, float cosTheta) = MathF.SinCos(MathF.PI * ring / segments);
            AddRing(shape, around, 0.5f * sinTheta, 0.5f * cosTheta, sinTheta, cosTheta, 2f, (float)ring / segments);
        }

        shape.AddGrid(0, (uint)segments, (uint)around);
        return shape.Upload(device, "sphere");
    }

    /// <summary>
    /// A cylinder of radius 0.5 and height 1 around the origin, upright; u runs from 0 to 3 around, v from 0 to 1 from
    /// the top, and the ends show a round piece of one repetition.
    /// </summary>
    /// <param name="device">Device.</param>
    /// <param name="segments">Segments around, at least 3.</param>
    /// <param name="bevel">Radius of its rims, in (0, 0.5).</param>
    /// <param name="openness">Light that arrives at a point, or null.</param>
    public static Mesh Cylinder(
        VulkanDevice device, int segments = 64, float bevel = 0.035f, Func<Vector3, Vector3, float>? openness = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(segments, 3);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bevel);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(bevel, 0.5f);
        const float Repetitions = 3f;
        var shape = new MeshShape(openness);
        float inner = 0.5f - bevel;
        for (int ring = 0; ring <= (2 * BevelSegments) + 1; ring++)
        {
            // A quarter of a circle at the upper rim, another at the lower one, the side between them.
            bool isUpper = ring <= BevelSegments;
            float quarter = (float)(isUpper ? ring : ring - 1) / BevelSegments;
            (float sin, float cos) = MathF.SinCos(quarter * MathF.PI / 2f);
            float y = (isUpper ? inner : -inner) + (bevel * cos);
            AddRing(shape, segments, inner + (bevel * sin), y, sin, cos, Repetitions, 0.5f - y);
        }

        shape.AddGrid(0, (2 * BevelSegments) + 1, (uint)segments);
        AddEnd(shape, segments, inner, 1f);
        AddEnd(shape, segments, inner, -1f);
        return shape.Upload(device, "cylinder");
    }

    private static Mesh Grid(
        VulkanDevice device, Vector2 size, Vector2 origin, Vector2 repetitions, (int X, int Z) cells,
        Func<Vector3, Vector3, float>? openness)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size.X, nameof(size));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size.Y, nameof(size));
        var shape = new MeshShape(openness);
        for (int row = 0; row <= cells.Z; row++)
        {
            for (int column = 0; column <= cells.X; column++)
            {
                var place = new Vector2((float)column / cells.X, (float)row / cells.Z);
                Vector2 position = (place - new Vector2(0.5f)) * size;
                shape.Add(new Vector3(position.X, 0f, position.Y), Vector3.UnitY, origin + (place * repetitions));
            }
        }

        shape.AddGrid(0, (uint)cells.Z, (uint)cells.X);
        return shape.Upload(device, "plane");
    }

    private static void AddRing(
        MeshShape shape, int around, float radius, float y, float outward, float upward, float repetitions, float v)
    {
        for (int side = 0; side <= around; side++)
        {
            (float sin, float cos) = MathF.SinCos(2f * MathF.PI * side / around);
            shape.Add(
                new Vector3(radius * sin, y, radius * cos), new Vector3(outward * sin, upward, outward * cos),
                new Vector2(repetitions * side / around, v));
        }
    }

    private static void AddEnd(MeshShape shape, int around, float radius, float up)
    {
        uint centre = shape.Add(new Vector3(0f, up * 0.5f, 0f), new Vector3(0f, up, 0f), new Vector2(0.5f));
        for (int side = 0; side <= around; side++)
        {
            (float sin, float cos) = MathF.SinCos(up * 2f * MathF.PI * side / around);
            uint rim = shape.Add(
                new Vector3(radius * sin, up * 0.5f, radius * cos), new Vector3(0f, up, 0f),
                new Vector2((radius * sin) + 0.5f, (up * radius * cos) + 0.5f));
            if (side > 0)
            {
                shape.AddTriangle(centre, rim - 1, rim);
            }
        }
    }

    private static void AddFace(MeshShape shape, Vector3 size, Vector3 normal, float bevel)
    {
        Vector3 right = MathF.Abs(normal.Y) > 0.5f ? Vector3.UnitX : Vector3.Cross(Vector3.UnitY, normal);
        Vector3 down = -Vector3.Cross(normal, right);
        Vector3 half = size / 2f;
        Vector3 inner = half - new Vector3(bevel);
        float width = MathF.Abs(Vector3.Dot(right, half));
        float height = MathF.Abs(Vector3.Dot(down, half));
        uint first = shape.Count;
        for (int row = 0; row < LineCount; row++)
        {
            float y = LineAt(row, height, bevel);
            for (int column = 0; column < LineCount; column++)
            {
                float x = LineAt(column, width, bevel);
                Vector3 onFace = (normal * half) + (right * x) + (down * y);
                Vector3 core = Vector3.Clamp(onFace, -inner, inner);
                Vector3 outward = Vector3.Normalize(onFace - core);
                shape.Add(core + (outward * bevel), outward, new Vector2(x + width, y + height));
            }
        }

        shape.AddGrid(first, LineCount - 1, LineCount - 1);
    }

    // Lines lie close together in the bevels and nowhere else.
    private static float LineAt(int line, float half, float bevel) => line <= BevelSegments
        ? -half + (bevel * line / BevelSegments)
        : half - (bevel * (LineCount - 1 - line) / BevelSegments);
}
