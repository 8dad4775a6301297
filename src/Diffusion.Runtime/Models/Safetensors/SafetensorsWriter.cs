using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace Diffusion.Runtime.Models.Safetensors;

/// <summary>Writes a safetensors file, one tensor in memory at a time, whole or not at all.</summary>
/// <remarks>
/// Declare the tensors with <see cref="Add"/>, then <see cref="Save"/>: each is asked for its values when its turn
/// comes. The order in the file is by element size, largest first, then by name, so that every tensor is aligned to its
/// element and the same content gives the same bytes. One thread at a time. May be saved more than once.
/// </remarks>
/// <example><code>
/// var writer = new SafetensorsWriter();
/// writer.Metadata["format"] = "pt";
/// writer.Add("conv_in.weight", SafetensorsDType.F16, [32, 3, 3, 3], weights.CopyTo);
/// writer.Save(path);
/// </code></example>
public sealed class SafetensorsWriter
{
    /// <summary>Floats encoded at once: the only buffer besides the tensor's own.</summary>
    private const int ChunkLength = 1 << 14;

    private readonly SortedDictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);

    /// <summary>
    /// Free text pairs for <c>__metadata__</c>. The Python ecosystem's loaders expect <c>format</c> = <c>pt</c>.
    /// </summary>
    public IDictionary<string, string> Metadata { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Declares a tensor.</summary>
    /// <param name="name">Unique, not empty.</param>
    /// <param name="dtype">F32, or F16 to halve the file; values are rounded to nearest even.</param>
    /// <param name="shape">Extents, outermost first, at most 8; empty for a scalar.</param>
    /// <param name="fill">Called by <see cref="Save"/>, on its thread.</param>
    /// <exception cref="ArgumentException">The name is taken or reserved, the type is neither F32 nor F16, or the shape
    /// breaks the limits.</exception>
    public void Add(string name, SafetensorsDType dtype, ReadOnlySpan<long> shape, TensorFill fill)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(fill);
        if (dtype is not (SafetensorsDType.F32 or SafetensorsDType.F16))
        {
            throw new ArgumentException(
                $"Tensor '{name}' cannot be written as {dtype}: the writer knows F32 and F16.", nameof(dtype));
        }

        if (name == SafetensorsHeader.MetadataKey || _tensors.ContainsKey(name))
        {
            throw new ArgumentException($"The tensor name '{name}' is reserved or already taken.", nameof(name));
        }

        _tensors.Add(name, new Tensor(name, dtype, shape.ToArray(), CountElements(name, dtype, shape), fill));
    }

    /// <summary>
    /// Writes the file: to a temporary file beside it, which replaces <paramref name="path"/> when complete.
    /// </summary>
    /// <exception cref="InvalidOperationException">A finite value does not fit F16.</exception>
    /// <exception cref="OperationCanceledException">Cancelled between two tensors.</exception>
    /// <exception cref="IOException">The folder is missing or the disk is full (or
    /// <see cref="UnauthorizedAccessException"/>).</exception>
    public void Save(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Tensor[] ordered = [.. _tensors.Values.OrderByDescending(t => t.DType.SizeInBytes())];
        byte[] header = MakeHeader(ordered);
        AtomicFile.Write(path, stream =>
        {
            stream.Write(header);
            foreach (Tensor tensor in ordered)
            {
                cancellationToken.ThrowIfCancellationRequested();
                WriteTensor(stream, tensor);
            }
        });
    }

    private static long CountElements(string name, SafetensorsDType dtype, ReadOnlySpan<long> shape)
    {
        if (shape.Length > SafetensorsHeader.MaxRank)
        {
            throw new ArgumentException(
                $"Tensor '{name}' has rank {shape.Length}, over the limit of {SafetensorsHeader.MaxRank}.",
                nameof(shape));
        }

        long limit = int.MaxValue / dtype.SizeInBytes();
        long count = 1;
        foreach (long extent in shape)
        {
            if (extent < 0 || (extent != 0 && count > limit / extent))
            {
                throw new ArgumentException(
                    $"Extent {extent} of tensor '{name}' is negative or makes it larger than {int.MaxValue} bytes.",
                    nameof(shape));
            }

            count *= extent;
        }

        return count;
    }

    private byte[] MakeHeader(Tensor[] ordered)
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.GetSpan(sizeof(ulong)).Clear();
        buffer.Advance(sizeof(ulong)); // the length, filled in below
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (Metadata.Count > 0)
            {
                json.WriteStartObject(SafetensorsHeader.MetadataKey);
                foreach ((string key, string value) in Metadata)
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            long offset = 0;
            foreach (Tensor tensor in ordered)
            {
                WriteEntry(json, tensor, offset);
                offset += tensor.SizeInBytes;
            }

            json.WriteEndObject();
        }

        // The format pads with spaces, so that the data begins at a multiple of 8.
        int padding = -buffer.WrittenCount & 7;
        buffer.GetSpan(padding)[..padding].Fill((byte)' ');
        buffer.Advance(padding);

        byte[] header = buffer.WrittenSpan.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)(header.Length - sizeof(ulong)));
        return header;
    }

    private static void WriteEntry(Utf8JsonWriter json, Tensor tensor, long offset)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.DType.ToString());
        json.WriteStartArray("shape");
        foreach (long extent in tensor.Shape)
        {
            json.WriteNumberValue(extent);
        }

        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(offset + tensor.SizeInBytes);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteTensor(Stream stream, Tensor tensor)
    {
        float[] values = ArrayPool<float>.Shared.Rent((int)tensor.ElementCount);
        byte[] chunk = ArrayPool<byte>.Shared.Rent(ChunkLength * sizeof(float));
        try
        {
            Span<float> rest = values.AsSpan(0, (int)tensor.ElementCount);
            tensor.Fill(rest);
            while (!rest.IsEmpty)
            {
                Span<float> part = rest[..Math.Min(ChunkLength, rest.Length)];
                stream.Write(chunk, 0, Encode(tensor, part, chunk));
                rest = rest[part.Length..];
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
            ArrayPool<float>.Shared.Return(values);
        }
    }

    private static int Encode(Tensor tensor, ReadOnlySpan<float> values, Span<byte> destination)
    {
        if (tensor.DType == SafetensorsDType.F32)
        {
            FloatConversion.ToF32(values, destination);
        }
        else if (FloatConversion.ToF16(values, destination) is >= 0 and int overflow)
        {
            throw new InvalidOperationException(
                $"Tensor '{tensor.Name}' holds {values[overflow]}, beyond the range of F16 (65504): write it as F32.");
        }

        return values.Length * tensor.DType.SizeInBytes();
    }

    private sealed record Tensor(string Name, SafetensorsDType DType, long[] Shape, long ElementCount, TensorFill Fill)
    {
        public long SizeInBytes => ElementCount * DType.SizeInBytes();
    }
}
