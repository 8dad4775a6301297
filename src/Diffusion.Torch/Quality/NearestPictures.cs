using static TorchSharp.torch;

namespace Diffusion.Torch.Quality;

/// <summary>
/// How near a picture comes to any of a set, whatever it was rolled, mirrored, brightened or tinted by.
/// </summary>
/// <remarks>
/// The distance of two pictures is that of their luminances, each moved to mean 0 and scaled to variance 1, over the
/// closest roll, mirror image or negative: sqrt(2 - 2·|r|) for the largest correlation r, which is 0 for a copy and
/// 1.41 for unrelated noise. Correlations with all rolls at once are products of Fourier transforms. Crops at another
/// scale are not looked for. Owns the transforms; one thread.
/// </remarks>
public sealed class NearestPictures : IDisposable
{
    private const int Chunk = 128;

    private static readonly float[] _luminance = [0.299f, 0.587f, 0.114f];

    private readonly int _edge;
    private readonly List<Tensor> _transforms = [];

    /// <summary>Transforms a set.</summary>
    /// <param name="pictures">Each [3, edge, edge].</param>
    /// <param name="edge">Edge of the pictures in pixels.</param>
    public NearestPictures(IReadOnlyList<float[]> pictures, int edge)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        _edge = edge;
        foreach (float[][] part in pictures.Chunk(Chunk))
        {
            using var scope = NewDisposeScope();
            Tensor standard = Standardise(part);
            Tensor both = cat([standard, standard.flip(2)], 0);
            _transforms.Add(fft.rfft2(both).DetachFromDisposeScope());
        }
    }

    /// <summary>The distance to the nearest of the set, in [0, sqrt(2)].</summary>
    /// <param name="picture">[3, edge, edge].</param>
    public double Distance(float[] picture)
    {
        using var scope = NewDisposeScope();
        Tensor transform = fft.rfft2(Standardise([picture])).conj();
        float largest = 0;
        foreach (Tensor part in _transforms)
        {
            using var inner = NewDisposeScope();
            Tensor correlations = fft.irfft2(part * transform, [_edge, _edge]);
            largest = Math.Max(largest, correlations.abs().max().item<float>());
        }

        return Math.Sqrt(2 - (2 * Math.Min(largest, 1)));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _transforms.ForEach(transform => transform.Dispose());
        _transforms.Clear();
    }

    // Of unit length, so that a product is a correlation; a flat picture has none with anything.
    private Tensor Standardise(float[][] pictures)
    {
        Tensor planes = tensor(pictures.SelectMany(p => p).ToArray(), [pictures.Length, 3, _edge, _edge]);
        Tensor luminance = (planes * tensor(_luminance).reshape(1, 3, 1, 1)).sum(1);
        Tensor centred = luminance - luminance.mean([1, 2], keepdim: true);
        return centred / centred.square().sum([1, 2], keepdim: true).sqrt().clamp_min(1e-6);
    }
}
