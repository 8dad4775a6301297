namespace Diffusion.Torch.Tests.Quality;

/// <summary>Pictures from formulas.</summary>
internal static class Pictures
{
    /// <summary>Planar [3, edge, edge], the same in all colours.</summary>
    public static float[] Grey(int edge, Func<int, int, double> value)
    {
        var planar = new float[3 * edge * edge];
        for (int i = 0; i < planar.Length; i++)
        {
            int at = i % (edge * edge);
            planar[i] = (float)value(at % edge, at / edge);
        }

        return planar;
    }

    /// <summary>Planar [3, edge, edge] of uniform noise in [-amplitude, amplitude].</summary>
    public static float[] Noise(int edge, double amplitude, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 3 * edge * edge)
            .Select(_ => (float)(amplitude * ((2 * random.NextDouble()) - 1)))];
    }

    /// <summary>The picture moved around its own edges.</summary>
    public static float[] Roll(float[] planar, int edge, int right, int down)
    {
        var rolled = new float[planar.Length];
        for (int i = 0; i < planar.Length; i++)
        {
            int plane = i / (edge * edge) * edge * edge;
            (int x, int y) = (i % edge, i / edge % edge);
            rolled[plane + ((y + down) % edge * edge) + ((x + right) % edge)] = planar[i];
        }

        return rolled;
    }

    /// <summary>The picture with left and right exchanged.</summary>
    public static float[] Mirror(float[] planar, int edge)
    {
        float[] mirrored = [.. planar];
        for (int row = 0; row < planar.Length; row += edge)
        {
            Array.Reverse(mirrored, row, edge);
        }

        return mirrored;
    }

    /// <summary>A standard normal draw.</summary>
    public static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(Math.Tau * random.NextDouble());
}
