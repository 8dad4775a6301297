namespace Diffusion.Torch.Quality;

/// <summary>A picture as the statistics of a bank of filters, the same wherever its pattern stands.</summary>
/// <remarks>
/// <para>
/// Colour by its mean and spread; then at three scales the Gram matrix of seven responses, luminance along four
/// directions and three band-passed colours: the diagonal as logarithms, the rest as correlations; and the kurtosis of
/// the luminance band, which tells lines from grain. Gram matrices after [Gatys15, Eq. 1] with fixed filters in place
/// of a network, in the manner of [Portilla00].
/// </para>
/// <para>
/// Filters are dilated and nothing is decimated, so that rolling a wrapping picture changes nothing. Of one that does
/// not wrap, by <see cref="SeamError"/>, pixels whose filters reach over the edge are left out. Pure; any thread.
/// </para>
/// </remarks>
public static class TextureStatistics
{
    /// <summary>Numbers that describe a picture.</summary>
    public const int Count = 6 + (Levels * PerLevel);

    /// <summary>The least edge: one whose inside is not empty when it does not wrap.</summary>
    public const int MinEdge = (2 * Margin) + 1;

    private const int Levels = 3;
    private const int Responses = 7;
    private const int PerLevel = (Responses * (Responses + 1) / 2) + 1;

    // The blurs reach 2, 4 and 8 pixels at distances 1, 2 and 4, one after another.
    private const int Margin = 14;

    // About a step and a half of 8 bits: what lies below is rounding, whose logarithm says nothing.
    private const double Floor = 0.01;

    private static readonly float[] _binomial = [1 / 16f, 4 / 16f, 6 / 16f, 4 / 16f, 1 / 16f];

    /// <summary>The statistics of a picture, [<see cref="Count"/>].</summary>
    /// <param name="planar">[3, edge, edge] in [-1, 1].</param>
    /// <param name="edge">At least <see cref="MinEdge"/>.</param>
    /// <exception cref="ArgumentException">The length or the edge is wrong.</exception>
    public static float[] Of(ReadOnlySpan<float> planar, int edge)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(edge, MinEdge);
        if (planar.Length != 3 * edge * edge)
        {
            throw new ArgumentException($"{planar.Length} values are no picture of {edge}x{edge}.", nameof(planar));
        }

        int margin = SeamError.Wraps(planar, edge, edge) ? 0 : Margin;
        float[][] planes = Opponent(planar, edge * edge);
        var statistics = new List<float>(Count);
        Array.ForEach(planes, plane => AddColour(plane, edge, margin, statistics));
        for (int level = 0; level < Levels; level++)
        {
            float[][] coarser = [.. planes.Select(plane => Blur(plane, edge, 1 << level))];
            AddLevel(Respond(planes, coarser, edge, 1 << level), edge, margin, statistics);
            planes = coarser;
        }

        return [.. statistics];
    }

    // Luminance by Rec. 601, and two differences of colours of unit length.
    private static float[][] Opponent(ReadOnlySpan<float> planar, int size)
    {
        float[][] planes = [new float[size], new float[size], new float[size]];
        for (int i = 0; i < size; i++)
        {
            (float red, float green, float blue) = (planar[i], planar[size + i], planar[(2 * size) + i]);
            planes[0][i] = (0.299f * red) + (0.587f * green) + (0.114f * blue);
            planes[1][i] = (red - green) / MathF.Sqrt(2);
            planes[2][i] = (red + green - (2 * blue)) / MathF.Sqrt(6);
        }

        return planes;
    }

    private static void AddColour(float[] plane, int edge, int margin, List<float> statistics)
    {
        double mean = Mean(edge, margin, i => plane[i]);
        double variance = Mean(edge, margin, i => (plane[i] - mean) * (plane[i] - mean));
        statistics.Add((float)mean);
        statistics.Add((float)Math.Log(Math.Sqrt(variance) + Floor));
    }

    private static float[][] Respond(float[][] planes, float[][] coarser, int edge, int distance)
    {
        float[] luminance = planes[0];
        return
        [
            Slope(luminance, edge, distance, 0),
            Slope(luminance, edge, 0, distance),
            Slope(luminance, edge, distance, distance),
            Slope(luminance, edge, distance, -distance),
            .. planes.Zip(coarser, (fine, coarse) => fine.Zip(coarse, (left, right) => left - right).ToArray()),
        ];
    }

    private static void AddLevel(float[][] responses, int edge, int margin, List<float> statistics)
    {
        var squares = new double[Responses];
        for (int a = 0; a < Responses; a++)
        {
            float[] one = responses[a];
            squares[a] = Mean(edge, margin, i => one[i] * (double)one[i]);
            statistics.Add((float)Math.Log(Math.Sqrt(squares[a]) + Floor));
            for (int b = 0; b < a; b++)
            {
                float[] other = responses[b];
                double product = Mean(edge, margin, i => one[i] * (double)other[i]);
                double scale = Math.Sqrt((squares[a] + (Floor * Floor)) * (squares[b] + (Floor * Floor)));
                statistics.Add((float)(product / scale));
            }
        }

        float[] band = responses[4];
        double fourth = Mean(edge, margin, i => Math.Pow(band[i], 4)) + Math.Pow(Floor, 4);
        double square = squares[4] + (Floor * Floor);
        statistics.Add((float)Math.Log(fourth / (square * square)));
    }

    private static double Mean(int edge, int margin, Func<int, double> value)
    {
        double sum = 0;
        for (int y = margin; y < edge - margin; y++)
        {
            for (int x = margin; x < edge - margin; x++)
            {
                sum += value((y * edge) + x);
            }
        }

        int inner = edge - (2 * margin);
        return sum / (inner * inner);
    }

    private static float[] Slope(float[] plane, int edge, int right, int down)
    {
        var result = new float[plane.Length];
        for (int y = 0; y < edge; y++)
        {
            (int above, int below) = (Wrap(y - down, edge) * edge, Wrap(y + down, edge) * edge);
            for (int x = 0; x < edge; x++)
            {
                result[(y * edge) + x] = plane[below + Wrap(x + right, edge)] - plane[above + Wrap(x - right, edge)];
            }
        }

        return result;
    }

    private static float[] Blur(float[] plane, int edge, int distance)
    {
        var across = new float[plane.Length];
        var result = new float[plane.Length];
        for (int y = 0; y < edge; y++)
        {
            for (int x = 0; x < edge; x++)
            {
                for (int k = 0; k < _binomial.Length; k++)
                {
                    across[(y * edge) + x] += _binomial[k] * plane[(y * edge) + Wrap(x + ((k - 2) * distance), edge)];
                }
            }
        }

        for (int y = 0; y < edge; y++)
        {
            for (int k = 0; k < _binomial.Length; k++)
            {
                int row = Wrap(y + ((k - 2) * distance), edge) * edge;
                for (int x = 0; x < edge; x++)
                {
                    result[(y * edge) + x] += _binomial[k] * across[row + x];
                }
            }
        }

        return result;
    }

    private static int Wrap(int place, int edge) => place < 0 ? place + edge : place >= edge ? place - edge : place;
}
