namespace Diffusion.Render.Compute.Weights;

/// <summary>A tensor that the host reads: an embedding's rows, or the frequencies of a time projection.</summary>
internal sealed class HostTable(string name, long[] shape)
{
    public string Name { get; } = name;

    public long[] Shape { get; } = shape;

    /// <summary>The values, row after row; empty until <see cref="WeightFile"/> fills them.</summary>
    public float[] Values { get; set; } = [];

    /// <summary>One row; rows are what the first extent counts.</summary>
    public ReadOnlySpan<float> Row(int index)
    {
        int width = (int)(Values.Length / Shape[0]);
        return Values.AsSpan(index * width, width);
    }
}
