using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;

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

    /// <summary>Reads a picture, scales it to the canvas and converts it to planar [3, H, W] in [-1, 1].</summary>
    /// <exception cref="UserErrorException">There is no such file, or it is no picture.</exception>
    public static float[] ReadPlanar(string file, int width, int height)
    {
        using var image = Load(file);
        image.Mutate(context => context.Resize(width, height));
        var pixels = new Rgb24[width * height];
        image.CopyPixelDataTo(pixels);
        var planar = new float[3 * pixels.Length];
        for (int i = 0; i < pixels.Length; i++)
        {
            planar[i] = (pixels[i].R / 127.5f) - 1;
            planar[pixels.Length + i] = (pixels[i].G / 127.5f) - 1;
            planar[(2 * pixels.Length) + i] = (pixels[i].B / 127.5f) - 1;
        }

        return planar;
    }

    /// <summary>Decodes a picture; the caller disposes it.</summary>
    /// <exception cref="UserErrorException">There is no such file, or it is no picture.</exception>
    public static Image<Rgb24> Load(string file)
    {
        try
        {
            return Image.Load<Rgb24>(file);
        }
        catch (Exception exception) when (exception is ImageFormatException or NotSupportedException)
        {
            throw new UserErrorException($"'{file}' is not a picture that can be read.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"'{file}' cannot be read: {exception.Message}", exception);
        }
    }

    // Rounds to nearest, as the renderer's UNORM conversion does.
    private static byte ToByte(float value) => (byte)((Math.Clamp(value, -1f, 1f) * 127.5f) + 128f);
}
