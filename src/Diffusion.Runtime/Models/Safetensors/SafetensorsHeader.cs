using System.Text.Json;
using System.Text.Unicode;

namespace Diffusion.Runtime.Models.Safetensors;

/// <summary>The JSON header of a safetensors file, parsed as hostile input.</summary>
/// <remarks>
/// A forward-only reader instead of a document: nothing is built for parts that are rejected, duplicates are seen, and
/// the limits below bound memory by a small multiple of the header whatever it says.
/// </remarks>
internal sealed class SafetensorsHeader
{
    /// <summary>The one name that is no tensor.</summary>
    public const string MetadataKey = "__metadata__";

    /// <summary>The header's own limit in the reference implementation: 100 MB.</summary>
    public const int MaxHeaderSizeInBytes = 100_000_000;

    /// <summary>Ours; the largest published U-Nets have a few thousand tensors.</summary>
    public const int MaxTensorCount = 100_000;

    /// <summary>Ours; convolutions have rank 4.</summary>
    public const int MaxRank = 8;

    /// <summary>Root, tensor, array; one more so that the message of a nested value is ours.</summary>
    private const int MaxDepth = 4;

    private readonly string _path;
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SafetensorsEntry> _entries = new(StringComparer.Ordinal);
    private bool _hasMetadata;

    private SafetensorsHeader(string path) => _path = path;

    /// <summary>Free text pairs; empty when the file has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>Tensors in the order of their bytes.</summary>
    public OrderedDictionary<string, SafetensorsEntry> Entries { get; } = new(StringComparer.Ordinal);

    /// <summary>Parses and checks a header.</summary>
    /// <param name="path">For messages.</param>
    /// <param name="json">The header's bytes.</param>
    /// <param name="dataSizeInBytes">Length of what follows the header.</param>
    /// <exception cref="ModelFormatException">Any rule of the format is broken.</exception>
    public static SafetensorsHeader Parse(string path, ReadOnlySpan<byte> json, long dataSizeInBytes)
    {
        var header = new SafetensorsHeader(path);
        if (json.IsEmpty || json[0] != (byte)'{')
        {
            throw header.Bad("the header must begin with '{'");
        }

        if (!Utf8.IsValid(json))
        {
            throw header.Bad("the header is not valid UTF-8");
        }

        try
        {
            header.ReadRoot(json);
        }
        catch (JsonException e)
        {
            throw new ModelFormatException(
                path, $"the header is not valid JSON of depth {MaxDepth} or less (byte {e.BytePositionInLine})", e);
        }

        header.CheckLayout(dataSizeInBytes);
        return header;
    }

    private void ReadRoot(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = Text(ref reader, "a name");
            reader.Read();
            if (name == MetadataKey)
            {
                ReadMetadata(ref reader);
                continue;
            }

            if (_entries.ContainsKey(name))
            {
                throw Bad($"tensor '{Shown(name)}' appears twice; names must be unique");
            }

            if (_entries.Count == MaxTensorCount)
            {
                throw Bad($"the header lists more than {MaxTensorCount} tensors, the limit");
            }

            _entries.Add(name, ReadTensor(ref reader, name));
        }

        // Past the closing brace only white space may stand: the reader throws on anything else.
        reader.Read();
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        if (_hasMetadata || reader.TokenType != JsonTokenType.StartObject)
        {
            throw Bad($"{MetadataKey} must be one object of strings");
        }

        _hasMetadata = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = Text(ref reader, "a metadata key");
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
            {
                throw Bad($"metadata '{Shown(key)}' is not a string");
            }

            if (!_metadata.TryAdd(key, Text(ref reader, "a metadata value")))
            {
                throw Bad($"metadata '{Shown(key)}' appears twice; keys must be unique");
            }
        }
    }

    private SafetensorsEntry ReadTensor(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Bad($"tensor '{Shown(name)}' is not an object of dtype, shape and data_offsets");
        }

        SafetensorsDType? dtype = null;
        long[]? shape = null;
        long[]? offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = Text(ref reader, "a key");
            reader.Read();
            switch (key)
            {
                case "dtype" when dtype is null:
                    dtype = ReadDType(ref reader, name);
                    break;
                case "shape" when shape is null:
                    shape = ReadIntegers(ref reader, name, key, MaxRank);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadIntegers(ref reader, name, key, 2);
                    break;
                default:
                    throw Bad($"tensor '{Shown(name)}' has an unknown or repeated key '{Shown(key)}'");
            }
        }

        if (dtype is not { } type || shape is null || offsets is not [long begin, long end])
        {
            throw Bad($"tensor '{Shown(name)}' must have a dtype, a shape and two data_offsets");
        }

        return MakeEntry(name, type, shape, begin, end);
    }

    private SafetensorsDType ReadDType(ref Utf8JsonReader reader, string name)
    {
        string text = reader.TokenType == JsonTokenType.String
            ? Text(ref reader, "a dtype")
            : reader.TokenType.ToString();
        return SafetensorsDTypeExtensions.TryParse(text, out SafetensorsDType dtype)
            ? dtype
            : throw Bad($"tensor '{Shown(name)}' has the unknown dtype '{Shown(text)}'");
    }

    private long[] ReadIntegers(ref Utf8JsonReader reader, string name, string key, int maxCount)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw Bad($"{key} of tensor '{Shown(name)}' is not an array");
        }

        Span<long> values = stackalloc long[MaxRank];
        int count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (count == maxCount)
            {
                throw Bad($"{key} of tensor '{Shown(name)}' has more than {maxCount} values, the limit");
            }

            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long value) || value < 0)
            {
                throw Bad($"{key} of tensor '{Shown(name)}' must hold integers from 0 to 2^63 - 1");
            }

            values[count++] = value;
        }

        return values[..count].ToArray();
    }

    private SafetensorsEntry MakeEntry(string name, SafetensorsDType dtype, long[] shape, long begin, long end)
    {
        long count = 1;
        foreach (long extent in shape)
        {
            if (extent != 0 && count > int.MaxValue / extent)
            {
                throw Bad($"tensor '{Shown(name)}' has more than {int.MaxValue} elements, the limit");
            }

            count *= extent;
        }

        long size = count * dtype.SizeInBytes();
        if (size > int.MaxValue)
        {
            throw Bad($"tensor '{Shown(name)}' has {size} bytes, over the limit of {int.MaxValue}");
        }

        if (end < begin || end - begin != size)
        {
            throw Bad($"data_offsets [{begin}, {end}] of tensor '{Shown(name)}' must span the {size} bytes "
                + "of its shape and dtype");
        }

        return new SafetensorsEntry
        {
            Name = name,
            DType = dtype,
            Shape = shape,
            ElementCount = count,
            Offset = begin,
            SizeInBytes = (int)size,
        };
    }

    /// <summary>
    /// The format wants the tensors to cover the data exactly: no overlap, no hole, nothing behind the last.
    /// </summary>
    private void CheckLayout(long dataSizeInBytes)
    {
        long covered = 0;
        foreach (SafetensorsEntry entry in _entries.Values.OrderBy(e => e.Offset).ThenBy(e => e.SizeInBytes))
        {
            if (entry.Offset != covered)
            {
                throw Bad($"tensor '{Shown(entry.Name)}' begins at byte {entry.Offset} and the one before it ends at "
                    + $"{covered}; tensors must neither overlap nor leave a hole");
            }

            if (entry.SizeInBytes > dataSizeInBytes - covered)
            {
                throw Bad($"tensor '{Shown(entry.Name)}' ends at byte {covered + entry.SizeInBytes} "
                    + $"and the file holds only {dataSizeInBytes} bytes of data");
            }

            covered += entry.SizeInBytes;
            Entries.Add(entry.Name, entry);
        }

        if (covered != dataSizeInBytes)
        {
            throw Bad($"the tensors cover {covered} of {dataSizeInBytes} bytes of data; they must cover all");
        }
    }

    private string Text(ref Utf8JsonReader reader, string what)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            // The reader's answer to an escaped half of a surrogate pair.
            throw new ModelFormatException(_path, $"{what} in the header is not valid Unicode", e);
        }
    }

    /// <summary>A name fit for one line of a message: short, without control characters.</summary>
    private static string Shown(string text)
    {
        const int maxLength = 80;
        string cut = text.Length <= maxLength ? text : text[..maxLength] + "...";
        return string.Create(cut.Length, cut, (span, s) =>
        {
            for (int i = 0; i < s.Length; i++)
            {
                span[i] = char.IsControl(s[i]) ? '?' : s[i];
            }
        });
    }

    private ModelFormatException Bad(string problem) => new(_path, problem);
}
