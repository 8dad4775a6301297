using static TorchSharp.torch;

namespace Diffusion.Torch.Quality;

/// <summary>The power of a picture's luminance by spatial frequency, whatever its direction.</summary>
/// <remarks>
/// Under a Hann window, so that a picture that does not wrap shows no edge. A ring holds the frequencies that round to
/// it, in cycles a picture; its value is their mean power in decibels over one step of 8 bits, squared, a pixel. Pure;
/// any thread.
/// </remarks>
public static class RadialSpectrum
{
    // The variance of rounding to 8 bits: below it is nothing that a file could keep.
    private const double Rounding = 1.0 / 12;

    /// <summary>Rings of a picture: 1 to half its edge, exclusive.</summary>
    /// <param name="edge">Edge of the picture in pixels.</param>
    public static int Rings(int edge) => (edge / 2) - 1;

    /// <summary>The spectrum, [<see cref="Rings"/>], from the lowest frequency up.</summary>
    /// <param name="planar">[3, edge, edge] in [-1, 1].</param>
    /// <param name="edge">Edge of the picture in pixels.</param>
    /// <exception cref="ArgumentException">The length is wrong.</exception>
    public static float[] Of(ReadOnlySpan<float> planar, int edge)
    {
        int size = edge * edge;
        if (planar.Length != 3 * size)
        {
            throw new ArgumentException($"{planar.Length} values are no picture of {edge}x{edge}.", nameof(planar));
        }

        var luminance = new float[size];
        for (int i = 0; i < size; i++)
        {
            luminance[i] = 127.5f
                * ((0.299f * planar[i]) + (0.587f * planar[size + i]) + (0.114f * planar[(2 * size) + i]));
        }

        return Average(Power(luminance, edge), edge);
    }

    /// <summary>
    /// Power a pixel at each frequency, [edge, edge], such that noise of variance v has v at all of them.
    /// </summary>
    private static float[] Power(float[] luminance, int edge)
    {
        using var scope = NewDisposeScope();
        float mean = luminance.Average();
        var window = new float[edge * edge];
        for (int i = 0; i < window.Length; i++)
        {
            window[i] = (float)(Hann(i / edge, edge) * Hann(i % edge, edge));
            luminance[i] = (luminance[i] - mean) * window[i];
        }

        double energy = window.Sum(w => w * (double)w);
        Tensor transform = fft.fft2(tensor(luminance, [edge, edge]));
        return (transform.abs().square() / energy).contiguous().data<float>().ToArray();
    }

    private static float[] Average(float[] power, int edge)
    {
        var sums = new double[Rings(edge)];
        var counts = new int[sums.Length];
        for (int i = 0; i < power.Length; i++)
        {
            int ring = (int)Math.Round(Math.Sqrt(Square(i / edge, edge) + Square(i % edge, edge))) - 1;
            if (ring >= 0 && ring < sums.Length)
            {
                sums[ring] += power[i];
                counts[ring]++;
            }
        }

        return [.. sums.Zip(counts, (sum, count) => (float)(10 * Math.Log10((sum / count) + Rounding)))];
    }

    private static double Hann(int place, int edge) => 0.5 * (1 - Math.Cos(Math.Tau * place / edge));

    private static double Square(int index, int edge) => Math.Pow(Math.Min(index, edge - index), 2);
}
