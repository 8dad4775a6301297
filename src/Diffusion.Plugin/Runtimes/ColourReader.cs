using System.Numerics;
using Diffusion.Plugin.Abi;
using Diffusion.Runtime.Denoising;

namespace Diffusion.Plugin.Runtimes;

/// <summary>The colours of a <c>diffusion_request</c>: none, a mean, or a palette.</summary>
internal static unsafe class ColourReader
{
    private const uint MaxColour = 0xFFFFFF;

    // A picture of 1024x1024: more of its pixels would not change mean and spread.
    private const ulong MaxPaletteCount = 1 << 20;

    /// <exception cref="Errors.PluginException">A colour, count or strength breaks its rule.</exception>
    public static ColourTarget? Read(in NativeRequest native)
    {
        RequestReader.Require(
            native.MeanColor <= MaxColour, $"mean_color must be 0xRRGGBB, not 0x{native.MeanColor:x}.");
        if (native.Palette is not null)
        {
            return ReadPalette(native);
        }

        RequestReader.Require(
            native.PaletteCount == 0, $"palette is null and palette_count is {native.PaletteCount}.");
        RequestReader.Require(
            native.PaletteStrength == 0,
            $"palette_strength must be 0 without a palette, not {native.PaletteStrength}.");
        return native.MeanColorStrength == 0
            ? null
            : new ColourTarget
            {
                Mean = new Vector3(Red(native.MeanColor), Green(native.MeanColor), Blue(native.MeanColor)),
                Strength = native.MeanColorStrength,
            };
    }

    private static ColourTarget ReadPalette(in NativeRequest native)
    {
        RequestReader.Require(
            native.PaletteCount is > 0 and <= MaxPaletteCount,
            $"palette_count must be from 1 to {MaxPaletteCount}, not {native.PaletteCount}.");
        RequestReader.Require(
            native.PaletteStrength is >= 0 and <= 1,
            $"palette_strength must be from 0 to 1, not {native.PaletteStrength}.");
        RequestReader.Require(
            native.MeanColorStrength == 0,
            $"mean_color_strength must be 0 with a palette, which has its own mean, not {native.MeanColorStrength}.");
        ReadOnlySpan<uint> palette = new(native.Palette, (int)native.PaletteCount);
        int wrong = palette.IndexOfAnyExceptInRange(0u, MaxColour);
        RequestReader.Require(
            wrong < 0, wrong < 0 ? "" : $"palette[{wrong}] must be 0xRRGGBB, not 0x{palette[wrong]:x}.");
        int count = palette.Length;
        var planes = new float[3 * count];
        for (int i = 0; i < count; i++)
        {
            planes[i] = Red(palette[i]);
            planes[count + i] = Green(palette[i]);
            planes[(2 * count) + i] = Blue(palette[i]);
        }

        return ColourTarget.OfPicture(planes, native.PaletteStrength == 0 ? 1 : native.PaletteStrength);
    }

    private static float Red(uint colour) => Channel(colour >> 16);

    private static float Green(uint colour) => Channel(colour >> 8);

    private static float Blue(uint colour) => Channel(colour);

    private static float Channel(uint value) => ((value & 255) / 127.5f) - 1;
}
