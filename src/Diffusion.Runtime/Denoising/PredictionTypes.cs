namespace Diffusion.Runtime.Denoising;

/// <summary>The names of <see cref="PredictionType"/>, diffusers' where it has the type.</summary>
public static class PredictionTypes
{
    private static readonly string[] _names = ["epsilon", "sample", "v_prediction", "score", "edm"];

    /// <summary>The names in the order of the enumeration.</summary>
    public static IReadOnlyList<string> Names => _names;

    /// <summary>The name that <c>scheduler_config.json</c> gives the type.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such type.</exception>
    public static string Name(this PredictionType type) => (uint)type < _names.Length
        ? _names[(int)type]
        : throw new ArgumentOutOfRangeException(nameof(type), type, "Unknown prediction type.");

    /// <summary>The type of the given name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="ArgumentException">The name is none of them.</exception>
    public static PredictionType Parse(string name)
    {
        int index = Array.IndexOf(_names, name);
        return index >= 0
            ? (PredictionType)index
            : throw new ArgumentException(
                $"Unknown prediction type '{name}'; known are {string.Join(", ", _names)}.", nameof(name));
    }
}
