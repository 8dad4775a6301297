using System.Globalization;

namespace Diffusion.Cli.Generation;

/// <summary>A size given as <c>WIDTHxHEIGHT</c>.</summary>
/// <param name="Width">First number, at least 1.</param>
/// <param name="Height">Second number, at least 1.</param>
internal readonly record struct CanvasSize(int Width, int Height)
{
    /// <summary>Parses <c>128x128</c>, or one number for a square.</summary>
    /// <exception cref="UserErrorException">The text is not of that form.</exception>
    public static CanvasSize Parse(
        string text, string option, string form = "WIDTHxHEIGHT", string example = "128x128")
    {
        string[] parts = text.Split('x', 'X');
        if (parts.Length is 1 or 2
            && TryParseEdge(parts[0], out int width)
            && TryParseEdge(parts[^1], out int height))
        {
            return new CanvasSize(width, height);
        }

        throw new UserErrorException(
            $"{option} '{text}' must be {form} with whole numbers of at least 1, for example {example}.");
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Width}x{Height}";

    private static bool TryParseEdge(string text, out int edge) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out edge) && edge >= 1;
}
