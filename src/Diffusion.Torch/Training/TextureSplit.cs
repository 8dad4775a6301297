namespace Diffusion.Torch.Training;

/// <summary>
/// Divides textures into those trained on and those held out, so that recolours of one source stay together.
/// </summary>
/// <remarks>
/// Where pictures are marked as held out, those are. Else, by rule: two textures of a class are one source when the
/// luminance of their tiles correlates by 0.7 or more in absolute value (a recolour keeps the pattern), joined
/// transitively. A class's sources in name order: the 8th, the 24th, and every 16th on are held out.
/// </remarks>
internal static class TextureSplit
{
    private const double SameSourceCorrelation = 0.7;
    private const int Every = 16;
    private const int First = 7;

    public static (List<TrainingTexture> Training, List<TrainingTexture> HeldOut) Divide(
        IReadOnlyList<TrainingTexture> textures)
    {
        if (textures.Any(t => t.IsHeldOut))
        {
            return ([.. textures.Where(t => !t.IsHeldOut)], [.. textures.Where(t => t.IsHeldOut)]);
        }

        List<TrainingTexture> training = [];
        List<TrainingTexture> heldOut = [];
        foreach (var ofClass in textures.GroupBy(t => t.ClassName))
        {
            var index = 0;
            foreach (var source in SourcesOf([.. ofClass.OrderBy(t => t.Name, StringComparer.Ordinal)]))
            {
                (index++ % Every == First ? heldOut : training).AddRange(source);
            }
        }

        return (training, heldOut);
    }

    /// <summary>The groups of textures that share a source, each in name order, ordered by their first.</summary>
    internal static IEnumerable<IReadOnlyList<TrainingTexture>> SourcesOf(IReadOnlyList<TrainingTexture> textures)
    {
        var patterns = textures.Select(PatternOf).ToArray();
        var leader = Enumerable.Range(0, textures.Count).ToArray();
        for (var i = 0; i < textures.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (Math.Abs(Dot(patterns[i], patterns[j])) >= SameSourceCorrelation)
                {
                    Join(leader, i, j);
                }
            }
        }

        return Enumerable.Range(0, textures.Count)
            .GroupBy(i => LeaderOf(leader, i), i => textures[i])
            .Select(group => group.ToArray());
    }

    // Luminance (Rec. 601) without its mean and of unit length, so that a dot product is the correlation.
    private static double[] PatternOf(TrainingTexture texture)
    {
        var pattern = new double[texture.Tile.Length / 3];
        for (var i = 0; i < pattern.Length; i++)
        {
            pattern[i] = (0.299 * texture.Tile[3 * i])
                + (0.587 * texture.Tile[(3 * i) + 1])
                + (0.114 * texture.Tile[(3 * i) + 2]);
        }

        var mean = pattern.Average();
        var norm = Math.Sqrt(pattern.Sum(p => (p - mean) * (p - mean))) + double.Epsilon;
        for (var i = 0; i < pattern.Length; i++)
        {
            pattern[i] = (pattern[i] - mean) / norm;
        }

        return pattern;
    }

    private static double Dot(double[] left, double[] right)
    {
        double sum = 0;
        for (var i = 0; i < left.Length; i++)
        {
            sum += left[i] * right[i];
        }

        return sum;
    }

    private static void Join(int[] leader, int i, int j)
    {
        var (first, second) = (LeaderOf(leader, i), LeaderOf(leader, j));
        leader[Math.Max(first, second)] = Math.Min(first, second);
    }

    private static int LeaderOf(int[] leader, int i)
    {
        while (leader[i] != i)
        {
            i = leader[i];
        }

        return i;
    }
}
