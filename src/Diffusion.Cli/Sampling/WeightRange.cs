using System.Globalization;

namespace Diffusion.Cli.Sampling;

/// <summary>A weight in [0, 1], or two between which the textures of a sheet go in equal steps.</summary>
/// <param name="First">Of the first texture.</param>
/// <param name="Last">Of the last one.</param>
internal readonly record struct WeightRange(float First, float Last)
{
    private const string Between = "..";

    /// <summary>Whether it differs from texture to texture.</summary>
    public bool IsRange => First != Last;

    /// <summary>Parses <c>0.3</c> or <c>0..1</c>.</summary>
    /// <exception cref="UserErrorException">The text is not of that form.</exception>
    public static WeightRange Parse(string text, string option)
    {
        string[] ends = text.Split(Between);
        return ends.Length is 1 or 2
            && TryParse(ends[0], out float first)
            && TryParse(ends[^1], out float last)
            ? new WeightRange(first, last)
            : throw new UserErrorException(
                $"{option} '{text}' must be a number from 0 to 1, or two of them such as 0{Between}1.");
    }

    /// <summary>The weight of a texture.</summary>
    /// <param name="index">From 0.</param>
    /// <param name="count">Textures in all.</param>
    public float At(int index, int count) =>
        count == 1 ? First : index == count - 1 ? Last : First + ((Last - First) * index / (count - 1));

    private static bool TryParse(string text, out float weight) =>
        float.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out weight)
        && weight is >= 0 and <= 1;
}
