namespace Diffusion.Runtime.Schedules;

/// <summary>The names of <see cref="StepSpacing"/>.</summary>
public static class StepSpacings
{
    private static readonly string[] _names = ["leading", "linspace", "trailing", "logsnr", "karras"];

    /// <summary>The names in the order of the enumeration.</summary>
    public static IReadOnlyList<string> Names => _names;

    /// <summary>The name of a spacing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such spacing.</exception>
    public static string Name(this StepSpacing spacing) => (uint)spacing < _names.Length
        ? _names[(int)spacing]
        : throw new ArgumentOutOfRangeException(nameof(spacing), spacing, "Unknown step spacing.");

    /// <summary>The spacing of the given name.</summary>
    /// <param name="name">One of <see cref="Names"/>, or <c>exponential</c> for <c>logsnr</c>.</param>
    /// <exception cref="ArgumentException">The name is none of them.</exception>
    public static StepSpacing Parse(string name)
    {
        int index = Array.IndexOf(_names, name == "exponential" ? "logsnr" : name);
        return index >= 0
            ? (StepSpacing)index
            : throw new ArgumentException(
                $"Unknown spacing '{name}'; known are {string.Join(", ", _names)}.", nameof(name));
    }
}
