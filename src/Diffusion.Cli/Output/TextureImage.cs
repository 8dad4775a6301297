using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace Diffusion.Cli.Output;

/// <summary>Planar samples as 8-bit images.</summary>
internal static class TextureImage
{
    /// <summary>Converts planar [3, H, W] in [-1, 1] (clamped) to RGB; the caller disposes the image.</summary>
    public static Image<Rgb24> FromPlanar(ReadOnlySpan<float> planar, int width, int height)
    {
        var pixels = new Rgb24[width * height];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = new Rgb24(
                ToByte(planar[i]),
                ToByte(planar[pixels.Length + i]),
                ToByte(planar[(2 * pixels.Length) + i]));
        }

        return Image.LoadPixelData(pixels, width, height);
    }

    // Rounds to nearest, as the renderer's UNORM conversion does.
    private static byte ToByte(float value) => (byte)((Math.Clamp(value, -1f, 1f) * 127.5f) + 128f);
}
