namespace Diffusion.Onnx.Graphs;

/// <summary>A tensor of a graph, known by its name: float32, or int64.</summary>
/// <param name="Name">Unique in its graph; empty for an optional input that is left out.</param>
/// <param name="IsInteger">Whether it is int64.</param>
/// <param name="Shape">Extents, outermost first.</param>
internal sealed record GraphValue(string Name, bool IsInteger, params long[] Shape)
{
    /// <summary>An optional input that is left out.</summary>
    public static GraphValue None { get; } = new("", false);

    /// <summary>Whether [N, C, H, W] lies in blocks of channels: [N, C/b, H, W, b].</summary>
    public bool IsBlocked { get; init; }

    public long ElementCount => Shape.Aggregate(1L, (product, extent) => product * extent);

    public long SizeInBytes => ElementCount * (IsInteger ? sizeof(long) : sizeof(float));
}
