namespace Diffusion.Runtime.Models.Safetensors;

/// <summary>Finds a network's tensors in a file: old names, missing, surplus, wrongly shaped.</summary>
public static class StoredNames
{
    private const int NamesShown = 5;

    // diffusers before 0.13 named the attention's layers so; old checkpoints still do.
    private static readonly (string Old, string New)[] _deprecatedNames =
    [
        (".query.", ".to_q."),
        (".key.", ".to_k."),
        (".value.", ".to_v."),
        (".proj_attn.", ".to_out.0."),
    ];

    /// <summary>The names in the file by diffusers' present names.</summary>
    /// <remarks>Strict: the file must hold every tensor in its shape, of floats, and none besides.</remarks>
    /// <param name="file">The weights.</param>
    /// <param name="expected">The shape of each of the network's tensors, by its present name.</param>
    /// <exception cref="ModelFormatException">It does not; the message names the tensors.</exception>
    public static IReadOnlyDictionary<string, string> Match(
        SafetensorsFile file, IReadOnlyDictionary<string, long[]> expected)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(expected);
        Dictionary<string, string> stored = [];
        foreach (string name in file.Entries.Keys)
        {
            // Early score networks store their fixed Fourier weights twice, as time_proj.W and time_proj.weight.
            if (name != "time_proj.W" || !file.Entries.ContainsKey("time_proj.weight"))
            {
                stored[CurrentName(name)] = name;
            }
        }

        List<string> problems = [];
        Describe(problems, "lacks", expected.Keys.Where(name => !stored.ContainsKey(name)));
        Describe(problems, "has the unknown", stored
            .Where(pair => !expected.ContainsKey(pair.Key))
            .Select(pair => pair.Value));
        Describe(problems, "has wrongly shaped", expected
            .Where(pair => stored.ContainsKey(pair.Key))
            .Select(pair => (Entry: file[stored[pair.Key]], Name: stored[pair.Key], Shape: pair.Value))
            .Where(tensor => !tensor.Entry.Shape.SequenceEqual(tensor.Shape))
            .Select(tensor =>
                $"{tensor.Name} {tensor.Entry.ShapeText} instead of [{string.Join(", ", tensor.Shape)}]"));
        Describe(problems, "has non-float", stored.Values
            .Where(name => file[name].DType is not
                (SafetensorsDType.F32 or SafetensorsDType.F16 or SafetensorsDType.BF16 or SafetensorsDType.F64)));
        return problems.Count == 0
            ? stored
            : throw new ModelFormatException(
                file.Path,
                $"the weights must be exactly those of the configuration, but the file {string.Join("; ", problems)}");
    }

    private static string CurrentName(string name)
    {
        foreach ((string old, string current) in _deprecatedNames)
        {
            name = name.Replace(old, current, StringComparison.Ordinal);
        }

        return name;
    }

    private static void Describe(List<string> problems, string what, IEnumerable<string> names)
    {
        string[] all = [.. names.Order(StringComparer.Ordinal)];
        if (all.Length > 0)
        {
            string more = all.Length > NamesShown ? $" and {all.Length - NamesShown} more" : "";
            problems.Add($"{what} {string.Join(", ", all.Take(NamesShown))}{more}");
        }
    }
}
