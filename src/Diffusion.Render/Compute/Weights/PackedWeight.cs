namespace Diffusion.Render.Compute.Weights;

/// <summary>One block of the weight buffer: a vector, or a matrix turned so that its outputs are neighbours.</summary>
/// <remarks>
/// A convolution's [O, I, k, k] and a linear layer's [O, I] are both a matrix of O rows; they lie in the buffer as
/// [I·k·k][O], O filled up with zeros. Several tensors may be stacked along O, as attention's three projections are.
/// </remarks>
internal sealed class PackedWeight
{
    /// <summary>Outputs are filled up to a multiple of this.</summary>
    public const int RowAlignment = 8;

    /// <summary>The tensors' diffusers names, stacked in this order.</summary>
    public required string[] Names { get; init; }

    /// <summary>The shape that each must have.</summary>
    public required long[] Shape { get; init; }

    public required bool IsMatrix { get; init; }

    /// <summary>Whether values are float16.</summary>
    public required bool IsHalf { get; init; }

    /// <summary>Place in the buffer, in bytes.</summary>
    public required long Offset { get; init; }

    /// <summary>Outputs of all tensors together.</summary>
    public int Rows => Names.Length * (int)Shape[0];

    public int PaddedRows => (Rows + RowAlignment - 1) / RowAlignment * RowAlignment;

    /// <summary>Elements of one tensor's row.</summary>
    public int Columns => (int)(ElementsOfOne / Shape[0]);

    public long ElementsOfOne => Shape.Aggregate(1L, (product, extent) => product * extent);

    public long SizeInBytes => IsMatrix
        ? (long)PaddedRows * Columns * (IsHalf ? sizeof(ushort) : sizeof(float))
        : (long)Rows * sizeof(float);
}
