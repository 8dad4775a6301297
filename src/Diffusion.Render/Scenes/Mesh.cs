using System.Runtime.CompilerServices;
using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Scenes;

/// <summary>Indexed triangles on the device, counter-clockwise seen from outside.</summary>
/// <remarks>Dispose frees the buffers once the device is done with them.</remarks>
public sealed class Mesh : IDisposable
{
    private readonly GpuBuffer _vertices;
    private readonly GpuBuffer _indices;
    private bool _disposed;

    /// <summary>Uploads a mesh.</summary>
    /// <param name="device">Device.</param>
    /// <param name="vertices">Vertices, at least 3.</param>
    /// <param name="indices">Three a triangle, each below the number of vertices.</param>
    /// <param name="name">Debug name.</param>
    public Mesh(VulkanDevice device, ReadOnlySpan<MeshVertex> vertices, ReadOnlySpan<uint> indices, string name)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfLessThan(vertices.Length, 3);
        if (indices.Length == 0 || indices.Length % 3 != 0)
        {
            throw new ArgumentException(
                $"A mesh needs three indices a triangle, got {indices.Length}.", nameof(indices));
        }

        foreach (uint index in indices)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, (uint)vertices.Length, nameof(indices));
        }

        IndexCount = (uint)indices.Length;
        using var made = new Construction(device);
        _vertices = made.Own(GpuBuffer.Upload(
            device, (ulong)(vertices.Length * Unsafe.SizeOf<MeshVertex>()), BufferUsageFlags.VertexBufferBit,
            $"{name} vertices"));
        _indices = made.Own(GpuBuffer.Upload(
            device, (ulong)(indices.Length * sizeof(uint)), BufferUsageFlags.IndexBufferBit, $"{name} indices"));
        vertices.CopyTo(_vertices.Span<MeshVertex>());
        indices.CopyTo(_indices.Span<uint>());
        made.Complete();
    }

    internal bool IsDisposed => _disposed;

    internal uint IndexCount { get; }

    internal Silk.NET.Vulkan.Buffer Vertices
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _vertices.Handle;
        }
    }

    internal Silk.NET.Vulkan.Buffer Indices => _indices.Handle;

    /// <summary>Frees the buffers once the device is done with them.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _vertices.Dispose();
            _indices.Dispose();
        }
    }
}
