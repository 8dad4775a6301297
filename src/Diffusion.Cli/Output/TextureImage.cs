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
        return ToPlanar(image, image.Bounds());
    }

    /// <summary>Reads a picture as it is, planar [3, H, W] in [-1, 1].</summary>
    /// <exception cref="UserErrorException">There is no such file, or it is no picture.</exception>
    public static float[] ReadPlanar(string file)
    {
        using var image = Load(file);
        return ToPlanar(image, image.Bounds());
    }

    /// <summary>Reads a picture's brightness, scaled to the canvas, [H, W] in [0, 1].</summary>
    /// <exception cref="UserErrorException">There is no such file, or it is no picture.</exception>
    public static float[] ReadWeights(string file, int width, int height)
    {
        using var image = Load(file);
        image.Mutate(context => context.Resize(width, height));
        using var grey = image.CloneAs<L8>();
        var pixels = new L8[width * height];
        grey.CopyPixelDataTo(pixels);
        return Array.ConvertAll(pixels, pixel => pixel.PackedValue / 255f);
    }

    /// <summary>Converts a part of a picture, H rows of W pixels, to planar [3, H, W] in [-1, 1].</summary>
    public static float[] ToPlanar(Image<Rgb24> image, Rectangle part)
    {
        int plane = part.Width * part.Height;
        var planar = new float[3 * plane];
        for (int i = 0; i < plane; i++)
        {
            Rgb24 pixel = image[part.Left + (i % part.Width), part.Top + (i / part.Width)];
            planar[i] = (pixel.R / 127.5f) - 1;
            planar[plane + i] = (pixel.G / 127.5f) - 1;
            planar[(2 * plane) + i] = (pixel.B / 127.5f) - 1;
        }

        return planar;
    }

    /// <summary>Square textures side by side; the caller disposes the image.</summary>
    /// <param name="textures">Each planar [3, edge, edge] in [-1, 1] (clamped).</param>
    /// <param name="edge">In pixels.</param>
    public static Image<Rgb24> Strip(IReadOnlyList<float[]> textures, int edge)
    {
        var strip = new Image<Rgb24>(edge * textures.Count, edge);
        for (int i = 0; i < textures.Count; i++)
        {
            using Image<Rgb24> texture = FromPlanar(textures[i], edge, edge);
            texture.ProcessPixelRows(strip, (from, to) =>
            {
                for (int y = 0; y < edge; y++)
                {
                    from.GetRowSpan(y).CopyTo(to.GetRowSpan(y)[(i * edge)..]);
                }
            });
        }

        return strip;
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
