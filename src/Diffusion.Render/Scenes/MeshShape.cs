using System.Numerics;
using Diffusion.Render.Devices;

namespace Diffusion.Render.Scenes;

/// <summary>The vertices and triangles of a shape while it is built.</summary>
internal sealed class MeshShape(Func<Vector3, Vector3, float>? openness)
{
    private readonly List<MeshVertex> _vertices = [];
    private readonly List<uint> _indices = [];

    /// <summary>Vertices so far.</summary>
    public uint Count => (uint)_vertices.Count;

    /// <summary>Adds a vertex.</summary>
    /// <returns>Its index.</returns>
    public uint Add(Vector3 position, Vector3 normal, Vector2 uv)
    {
        _vertices.Add(new MeshVertex(position, normal, uv, openness?.Invoke(position, normal) ?? 1f));
        return Count - 1;
    }

    /// <summary>Adds a triangle, counter-clockwise seen from outside.</summary>
    public void AddTriangle(uint a, uint b, uint c) => _indices.AddRange([a, b, c]);

    /// <summary>
    /// Two triangles a cell of a grid whose rows run down and whose columns run right, seen from outside.
    /// </summary>
    public void AddGrid(uint first, uint rows, uint columns)
    {
        for (uint row = 0; row < rows; row++)
        {
            for (uint column = 0; column < columns; column++)
            {
                uint topLeft = first + (row * (columns + 1)) + column;
                uint bottomLeft = topLeft + columns + 1;
                AddTriangle(topLeft, bottomLeft, bottomLeft + 1);
                AddTriangle(topLeft, bottomLeft + 1, topLeft + 1);
            }
        }
    }

    /// <summary>Uploads the shape.</summary>
    public Mesh Upload(VulkanDevice device, string name)
        => new(device, _vertices.ToArray(), _indices.ToArray(), name);
}
