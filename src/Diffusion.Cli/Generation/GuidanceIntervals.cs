using System.Globalization;
using Diffusion.Runtime.Denoising;

namespace Diffusion.Cli.Generation;

/// <summary>Guidance intervals as the command line writes them: <c>0.3..3</c>, or <c>all</c>.</summary>
internal static class GuidanceIntervals
{
    /// <summary>
    /// Where guidance helps the shipped model; textures at 64x64, measured in docs/quality.md. [Kynkaanniemi24]
    /// </summary>
    public static readonly GuidanceInterval Default = new(0.3, 3);

    private const string Between = "..";
    private const string All = "all";

    /// <summary>Reads one; null is <see cref="Default"/>.</summary>
    /// <exception cref="UserErrorException">The text is not of that form.</exception>
    public static GuidanceInterval Parse(string? text, string option)
    {
        if (text is null or All)
        {
            return text is null ? Default : GuidanceInterval.All;
        }

        string[] ends = text.Split(Between);
        return ends.Length == 2
            && TryParse(ends[0], out double least)
            && TryParse(ends[1], out double most)
            && least <= most
            ? new GuidanceInterval(least, most)
            : throw new UserErrorException(
                $"{option} '{text}' must be two levels of noise, such as {Format(Default)}, or '{All}'.");
    }

    /// <summary>Writes one.</summary>
    public static string Format(GuidanceInterval interval) => interval == GuidanceInterval.All
        ? All
        : string.Create(CultureInfo.InvariantCulture, $"{interval.MinRatio}{Between}{interval.MaxRatio}");

    private static bool TryParse(string text, out double level) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out level);
}
