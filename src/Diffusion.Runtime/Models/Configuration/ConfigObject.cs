using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Diffusion.Runtime.Models.Files;

namespace Diffusion.Runtime.Models.Configuration;

/// <summary>One JSON object of a config file, read key by key; remembers which keys nobody asked for.</summary>
/// <remarks>
/// Every getter answers an absent key with its default and a value of the wrong kind with an error that names the key.
/// </remarks>
internal sealed class ConfigObject
{
    private const int MaxFileSizeInBytes = 4 << 20;
    private const int MaxItems = 100_000;

    private readonly string _path;
    private readonly Dictionary<string, JsonElement> _values;
    private readonly HashSet<string> _unread;

    private ConfigObject(string path, Dictionary<string, JsonElement> values)
    {
        _path = path;
        _values = values;
        _unread = new HashSet<string>(values.Keys.Where(key => !key.StartsWith('_')), StringComparer.Ordinal);
    }

    /// <summary>
    /// Keys that no getter was asked for, without those that begin with an underscore (diffusers' bookkeeping).
    /// </summary>
    public IEnumerable<string> UnreadKeys => _unread.Order(StringComparer.Ordinal);

    /// <summary>Reads a file.</summary>
    /// <param name="files">The model's.</param>
    /// <param name="name">Its path in the model, with slashes.</param>
    /// <exception cref="ModelFormatException">It is missing, too large, or no JSON object.</exception>
    public static ConfigObject Load(ModelFiles files, string name)
    {
        string path = files.PathOf(name);
        byte[] bytes = files.Read(name, MaxFileSizeInBytes);
        if (!Utf8.IsValid(bytes))
        {
            throw new ModelFormatException(path, "the file is not valid UTF-8");
        }

        PythonJson.Normalize(bytes);
        try
        {
            var options = new JsonDocumentOptions { AllowDuplicateProperties = false };
            using var document = JsonDocument.Parse(bytes, options);
            return new ConfigObject(path, Members(path, document.RootElement.Clone()));
        }
        catch (InvalidOperationException e)
        {
            // The answer to an escaped half of a surrogate pair in a key.
            throw new ModelFormatException(path, "a key is not valid Unicode", e);
        }
        catch (JsonException e)
        {
            throw new ModelFormatException(
                path, $"line {e.LineNumber + 1} is not valid JSON: {ReasonOf(e)}", e);
        }
    }

    // Without the position, which the line says, and the final full stop.
    private static string ReasonOf(JsonException e) =>
        e.Message.Split(" LineNumber:")[0].Split(" Path:")[0].TrimEnd('.');

    public bool Has(string key) => _values.ContainsKey(key);

    public bool IsNull(string key) =>
        _values.TryGetValue(key, out JsonElement value) && value.ValueKind == JsonValueKind.Null;

    /// <summary>A value as the file has it, in one line and shortened; null for one that is null or absent.</summary>
    public string? Raw(string key) =>
        Find(key) is { ValueKind: not JsonValueKind.Null } value ? Shorten(value) : null;

    /// <summary>A warning's sentence of the file.</summary>
    public string Describe(string problem) => $"{_path}: {problem}.";

    /// <summary>Marks keys as known though their values do not matter here.</summary>
    public void Ignore(params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            _unread.Remove(key);
        }
    }

    public bool Boolean(string key, bool absent) => Find(key) is not { } value ? absent : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(key, value, "true or false"),
    };

    public int Integer(string key, int absent) => Find(key) is { } value ? ToInteger(key, value) : absent;

    /// <summary>An integer that may be null; null reads as 0.</summary>
    public int IntegerOrNull(string key, int absent) =>
        Find(key) is not { } value ? absent : value.ValueKind == JsonValueKind.Null ? 0 : ToInteger(key, value);

    public double Number(string key, double absent) => Find(key) is { } value ? ToNumber(key, value) : absent;

    /// <summary>A number; null for one that is null or absent.</summary>
    public double? NumberOrNull(string key) =>
        Find(key) is { ValueKind: not JsonValueKind.Null } value ? ToNumber(key, value) : null;

    public string Text(string key, string absent) => Find(key) is { } value ? ToText(key, value) : absent;

    public string? TextOrNull(string key, string? absent) =>
        Find(key) is not { } value ? absent : value.ValueKind == JsonValueKind.Null ? null : ToText(key, value);

    public IReadOnlyList<string> Texts(string key, IReadOnlyList<string> absent) =>
        Find(key) is { } value ? List(key, value, ToText) : absent;

    public IReadOnlyList<int> Integers(string key, IReadOnlyList<int> absent) =>
        Find(key) is { } value ? List(key, value, ToInteger) : absent;

    public IReadOnlyList<double>? NumbersOrNull(string key) =>
        Find(key) is { ValueKind: not JsonValueKind.Null } value ? List(key, value, ToNumber) : null;

    /// <summary>An integer, or a list of them (a Python tuple); null and absent give an empty list.</summary>
    public IReadOnlyList<int> IntegerOrIntegers(string key) => Find(key) switch
    {
        null or { ValueKind: JsonValueKind.Null } => [],
        { ValueKind: JsonValueKind.Array } value => List(key, value, ToInteger),
        { } value => [ToInteger(key, value)],
    };

    /// <summary>A list written as an object whose keys are the indices: <c>{"0": "brick", "1": "wood"}</c>.</summary>
    public IReadOnlyList<string> IndexedTexts(string key)
    {
        if (Find(key) is not { ValueKind: not JsonValueKind.Null } value)
        {
            return [];
        }

        Dictionary<string, JsonElement> members = value.ValueKind == JsonValueKind.Object
            ? Members(_path, value)
            : throw Wrong(key, value, "an object of names by number");
        string[] result = new string[members.Count];
        for (int i = 0; i < result.Length; i++)
        {
            string index = i.ToString(CultureInfo.InvariantCulture);
            result[i] = members.TryGetValue(index, out JsonElement name)
                ? ToText($"{key}.{index}", name)
                : throw Bad($"'{key}' has {result.Length} names and none numbered {index}; "
                    + "numbers must run from 0 without a gap");
        }

        return result;
    }

    public ModelFormatException Bad(string problem) => new(_path, problem);

    private static Dictionary<string, JsonElement> Members(string path, JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new ModelFormatException(path, "the file must hold one JSON object");
        }

        return element.EnumerateObject().ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal);
    }

    private JsonElement? Find(string key)
    {
        _unread.Remove(key);
        return _values.TryGetValue(key, out JsonElement value) ? value : null;
    }

    private int ToInteger(string key, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int result)
            ? result
            : throw Wrong(key, value, "an integer");

    private double ToNumber(string key, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double result) && double.IsFinite(result)
            ? result
            : throw Wrong(key, value, "a finite number");

    private string ToText(string key, JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(key, value, "a string");
        }
        catch (InvalidOperationException e)
        {
            throw new ModelFormatException(_path, $"'{key}' is not valid Unicode", e);
        }
    }

    private T[] List<T>(string key, JsonElement value, Func<string, JsonElement, T> convert)
    {
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > MaxItems)
        {
            throw Wrong(key, value, $"a list of at most {MaxItems} values");
        }

        return [.. value.EnumerateArray().Select(item => convert(key, item))];
    }

    private ModelFormatException Wrong(string key, JsonElement value, string rule) =>
        Bad($"'{key}' is {Shorten(value)}; it must be {rule}");

    private static string Shorten(JsonElement value)
    {
        const int MaxShown = 60;
        string text = string.Join(' ', value.GetRawText().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return text.Length <= MaxShown ? text : text[..MaxShown] + "...";
    }
}
