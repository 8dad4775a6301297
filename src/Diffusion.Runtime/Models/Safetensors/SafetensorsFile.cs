using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.MemoryMappedFiles;

namespace Diffusion.Runtime.Models.Safetensors;

/// <summary>
/// A safetensors file, memory-mapped for reading; every offset is checked before anything is handed out.
/// </summary>
/// <remarks>
/// Layout: 8 bytes header length (little-endian), a JSON header, the tensors' bytes. Opening reads only the header;
/// pages of tensors are read when touched. Reading is safe on any thread; <see cref="Dispose"/> must come after the
/// last use of any span handed out. The file must not be truncated in place while open; <see cref="SafetensorsWriter"/>
/// never does, it replaces.
/// </remarks>
/// <example><code>
/// using var file = SafetensorsFile.Open(path);
/// var weight = new float[file["conv_in.weight"].ElementCount];
/// file.CopyTo("conv_in.weight", weight);
/// </code></example>
public sealed unsafe class SafetensorsFile : IDisposable
{
    private const int LengthSizeInBytes = sizeof(ulong);

    private readonly MemoryMappedFile _mapping;
    private readonly MemoryMappedViewAccessor _view;
    private readonly SafetensorsHeader _header;
    private readonly byte* _data;
    private bool _disposed;

    private SafetensorsFile(
        string path, MemoryMappedFile mapping, MemoryMappedViewAccessor view, SafetensorsHeader header, byte* data)
    {
        Path = path;
        _mapping = mapping;
        _view = view;
        _header = header;
        _data = data;
    }

    /// <summary>The path it was opened by.</summary>
    public string Path { get; }

    /// <summary>Tensors by name; enumerates in the order of their bytes in the file.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => _header.Entries;

    /// <summary>Free text pairs of <c>__metadata__</c>; empty when the file has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>The tensor of that name.</summary>
    /// <exception cref="ModelFormatException">There is none.</exception>
    public SafetensorsEntry this[string name] => _header.Entries.TryGetValue(name, out SafetensorsEntry? entry)
        ? entry
        : throw new ModelFormatException(Path, $"there is no tensor named '{name}' among its {Entries.Count}");

    /// <summary>Opens and checks a file.</summary>
    /// <exception cref="FileNotFoundException">There is no such file (or <see cref="DirectoryNotFoundException"/>: no
    /// such folder).</exception>
    /// <exception cref="ModelFormatException">The file breaks the format.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "The result owns them; on failure all are disposed.")]
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var stream = new FileStream(
            path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1);
        MemoryMappedFile? mapping = null;
        MemoryMappedViewAccessor? view = null;
        byte* start = null;
        try
        {
            long length = stream.Length;
            if (length < LengthSizeInBytes)
            {
                throw new ModelFormatException(
                    path, $"{length} bytes are too few: a safetensors file begins with a header length of 8 bytes");
            }

            mapping = MemoryMappedFile.CreateFromFile(
                stream, null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            view = mapping.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            int headerSize = ReadHeaderSize(path, new ReadOnlySpan<byte>(start, LengthSizeInBytes), length);
            var json = new ReadOnlySpan<byte>(start + LengthSizeInBytes, headerSize);
            var header = SafetensorsHeader.Parse(path, json, length - LengthSizeInBytes - headerSize);
            return new SafetensorsFile(path, mapping, view, header, start + LengthSizeInBytes + headerSize);
        }
        catch
        {
            if (start is not null)
            {
                view!.SafeMemoryMappedViewHandle.ReleasePointer();
            }

            view?.Dispose();
            mapping?.Dispose();
            stream.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The raw little-endian bytes of a tensor, straight from the mapping; valid until <see cref="Dispose"/>.
    /// </summary>
    /// <exception cref="ModelFormatException">There is no such tensor.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public ReadOnlySpan<byte> GetBytes(string name)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        SafetensorsEntry entry = this[name];
        return new ReadOnlySpan<byte>(_data + entry.Offset, entry.SizeInBytes);
    }

    /// <summary>Copies a tensor, converted to single precision.</summary>
    /// <param name="name">A tensor of type F32, F16, BF16 or F64.</param>
    /// <param name="destination">Exactly <see cref="SafetensorsEntry.ElementCount"/> elements, in the file's
    /// order.</param>
    /// <exception cref="ModelFormatException">There is no such tensor, or its type is none of the four.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public void CopyTo(string name, Span<float> destination)
    {
        ReadOnlySpan<byte> bytes = GetBytes(name);
        SafetensorsEntry entry = this[name];
        if (destination.Length != entry.ElementCount)
        {
            throw new ArgumentException(
                $"Tensor '{name}' {entry.ShapeText} has {entry.ElementCount} elements, "
                + $"the destination {destination.Length}.",
                nameof(destination));
        }

        switch (entry.DType)
        {
            case SafetensorsDType.F32:
                FloatConversion.FromF32(bytes, destination);
                break;
            case SafetensorsDType.F16:
                FloatConversion.FromF16(bytes, destination);
                break;
            case SafetensorsDType.BF16:
                FloatConversion.FromBF16(bytes, destination);
                break;
            case SafetensorsDType.F64:
                FloatConversion.FromF64(bytes, destination);
                break;
            default:
                throw new ModelFormatException(
                    Path, $"tensor '{name}' is {entry.DType}; weights must be F32, F16, BF16 or F64");
        }
    }

    /// <summary>Unmaps the file.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _mapping.Dispose();
    }

    private static int ReadHeaderSize(string path, ReadOnlySpan<byte> bytes, long fileLength)
    {
        ulong size = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        if (size > SafetensorsHeader.MaxHeaderSizeInBytes)
        {
            throw new ModelFormatException(
                path, $"the header claims {size} bytes, over the limit of {SafetensorsHeader.MaxHeaderSizeInBytes}");
        }

        if (size > (ulong)(fileLength - LengthSizeInBytes))
        {
            throw new ModelFormatException(
                path,
                $"a header of {size} bytes is claimed with {fileLength - LengthSizeInBytes} bytes left in the file");
        }

        return (int)size;
    }
}
