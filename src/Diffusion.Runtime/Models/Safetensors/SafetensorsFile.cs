using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Diffusion.Runtime.Models.Safetensors;

/// <summary>
/// A safetensors file, memory-mapped for reading or in the caller's memory; every offset is checked before anything is
/// handed out.
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

    private readonly IDisposable _owner;
    private readonly SafetensorsHeader _header;
    private readonly byte* _data;
    private bool _disposed;

    private SafetensorsFile(string path, IDisposable owner, byte* start, long length)
    {
        int headerSize = ReadHeaderSize(path, start, length);
        var json = new ReadOnlySpan<byte>(start + LengthSizeInBytes, headerSize);
        Path = path;
        _owner = owner;
        _header = SafetensorsHeader.Parse(path, json, length - LengthSizeInBytes - headerSize);
        _data = start + LengthSizeInBytes + headerSize;
    }

    /// <summary>The path it was opened by, or the name that was given to it.</summary>
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
    [SuppressMessage("Reliability", "CA2000", Justification = "The result owns it; on failure it is disposed.")]
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var mapped = new MappedBytes(path);
        return Open(path, mapped, mapped.Start, mapped.Length);
    }

    /// <summary>Checks a file that is in memory already; nothing is copied.</summary>
    /// <param name="bytes">The whole file; pinned, and not to change, until <see cref="Dispose"/>.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="ModelFormatException">The bytes break the format.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "The result owns it; on failure it is disposed.")]
    public static SafetensorsFile Open(ReadOnlyMemory<byte> bytes, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        MemoryHandle pinned = bytes.Pin();
        return Open(name, pinned, (byte*)pinned.Pointer, bytes.Length);
    }

    /// <summary>
    /// The raw little-endian bytes of a tensor, straight from the file; valid until <see cref="Dispose"/>.
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

    /// <summary>Unmaps the file, or lets go of the memory.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _owner.Dispose();
    }

    private static SafetensorsFile Open(string path, IDisposable owner, byte* start, long length)
    {
        try
        {
            return new SafetensorsFile(path, owner, start, length);
        }
        catch
        {
            owner.Dispose();
            throw;
        }
    }

    private static int ReadHeaderSize(string path, byte* start, long fileLength)
    {
        if (fileLength < LengthSizeInBytes)
        {
            throw new ModelFormatException(
                path, $"{fileLength} bytes are too few: a safetensors file begins with a header length of 8 bytes");
        }

        ulong size = BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(start, LengthSizeInBytes));
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
