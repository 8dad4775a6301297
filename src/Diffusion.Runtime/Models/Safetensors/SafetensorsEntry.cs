namespace Diffusion.Runtime.Models.Safetensors;

/// <summary>
/// One tensor of a <see cref="SafetensorsFile"/>: name, element type, shape and place, all checked. Immutable; any
/// thread.
/// </summary>
public sealed record SafetensorsEntry
{
    /// <summary>The tensor's name, for example <c>conv_in.weight</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Element type.</summary>
    public required SafetensorsDType DType { get; init; }

    /// <summary>Extents, outermost first (row-major, contiguous); empty for a scalar. An extent may be 0.</summary>
    public required IReadOnlyList<long> Shape { get; init; }

    /// <summary>Product of <see cref="Shape"/>; 1 for a scalar.</summary>
    public required long ElementCount { get; init; }

    /// <summary>First byte, counted from the end of the header.</summary>
    public required long Offset { get; init; }

    /// <summary>Length in bytes; at most <see cref="int.MaxValue"/>, so that a span can hold it.</summary>
    public required int SizeInBytes { get; init; }

    /// <summary>The shape as messages write it: <c>[64, 3, 3, 3]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";
}
