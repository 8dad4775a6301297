using Diffusion.Torch.Quality;

namespace Diffusion.Torch.Training;

/// <summary>A texture as training sees it: the whole tile at the canvas size, and at twice that for crops.</summary>
/// <remarks>Immutable; any thread.</remarks>
internal sealed class TrainingTexture
{
    private TrainingTexture(TrainingImage image, int canvas)
    {
        Name = image.Name;
        ClassName = image.ClassName;
        IsHeldOut = image.IsHeldOut;
        Tile = BoxResize(image, canvas);
        Large = BoxResize(image, 2 * canvas);
        Wraps = SeamWraps(image);
    }

    public string Name { get; }

    public string ClassName { get; }

    /// <summary>Whether the picture was marked as kept from training.</summary>
    public bool IsHeldOut { get; }

    /// <summary>Interleaved RGB, [canvas, canvas, 3].</summary>
    public byte[] Tile { get; }

    /// <summary>Interleaved RGB, [2·canvas, 2·canvas, 3].</summary>
    public byte[] Large { get; }

    /// <summary>Whether opposite edges meet without a seam.</summary>
    public bool Wraps { get; }

    public static TrainingTexture From(TrainingImage image, int canvas)
    {
        if (image.Rgb.Length != 3 * image.Edge * image.Edge)
        {
            throw new ArgumentException(
                $"The picture '{image.Name}' has {image.Rgb.Length} bytes; an edge of {image.Edge} needs "
                + $"{3 * image.Edge * image.Edge}.");
        }

        if (image.Edge % (2 * canvas) != 0)
        {
            throw new ArgumentException(
                $"The picture '{image.Name}' is {image.Edge} pixels wide; it must be a multiple of twice the canvas, "
                + $"{2 * canvas}.");
        }

        return new TrainingTexture(image, canvas);
    }

    // A box filter commutes with rolling by whole target pixels, so a wrapping tile stays one.
    private static byte[] BoxResize(TrainingImage image, int edge)
    {
        var source = image.Rgb.Span;
        var factor = image.Edge / edge;
        var area = factor * factor;
        var result = new byte[3 * edge * edge];
        for (var y = 0; y < edge; y++)
        {
            for (var x = 0; x < edge; x++)
            {
                for (var c = 0; c < 3; c++)
                {
                    var sum = area / 2;
                    for (var v = 0; v < factor; v++)
                    {
                        var row = ((y * factor) + v) * image.Edge;
                        for (var u = 0; u < factor; u++)
                        {
                            sum += source[(3 * (row + (x * factor) + u)) + c];
                        }
                    }

                    result[(3 * ((y * edge) + x)) + c] = (byte)(sum / area);
                }
            }
        }

        return result;
    }

    // Planes of the bytes themselves, whose sums are exact.
    private static bool SeamWraps(TrainingImage image)
    {
        var rgb = image.Rgb.Span;
        var plane = image.Edge * image.Edge;
        var planar = new float[3 * plane];
        for (var i = 0; i < planar.Length; i++)
        {
            planar[i] = rgb[(3 * (i % plane)) + (i / plane)];
        }

        return SeamError.Wraps(planar, image.Edge, image.Edge);
    }
}
