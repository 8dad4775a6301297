namespace Diffusion.Torch.Quality;

/// <summary>Pictures by class.</summary>
/// <param name="Edge">Edge of each in pixels.</param>
/// <param name="ByLabel">Of each label its pictures, each [3, edge, edge] in [-1, 1]; a label may have none.</param>
public sealed record LabelledPictures(int Edge, IReadOnlyList<IReadOnlyList<float[]>> ByLabel)
{
    /// <summary>Pictures in all.</summary>
    public int Count => ByLabel.Sum(pictures => pictures.Count);

    /// <summary>Divides a batch by its labels.</summary>
    /// <param name="pixels">[N, 3, edge, edge].</param>
    /// <param name="labels">[N], each below <paramref name="labelCount"/>.</param>
    /// <param name="labelCount">Labels that there are.</param>
    /// <param name="edge">Edge of each in pixels.</param>
    public static LabelledPictures Of(float[] pixels, IReadOnlyList<long> labels, int labelCount, int edge)
    {
        ArgumentNullException.ThrowIfNull(labels);
        var byLabel = Enumerable.Range(0, labelCount).Select(_ => new List<float[]>()).ToArray();
        int size = 3 * edge * edge;
        for (int i = 0; i < labels.Count; i++)
        {
            byLabel[(int)labels[i]].Add(pixels.AsSpan(i * size, size).ToArray());
        }

        return new LabelledPictures(edge, byLabel);
    }

    /// <summary>At most so many pictures of each class, spread evenly over those there are.</summary>
    /// <param name="count">How many.</param>
    public LabelledPictures Take(int count) => this with
    {
        ByLabel = [.. ByLabel.Select(pictures => pictures.Count <= count
            ? pictures
            : [.. Enumerable.Range(0, count).Select(i => pictures[(int)((long)i * pictures.Count / count)])])],
    };
}
