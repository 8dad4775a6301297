using Diffusion.Render.Compute.Weights;

namespace Diffusion.Render.Compute.Planning;

/// <summary>What a dispatch is given of a buffer: exactly one tensor, so that robust access would catch a step beyond
/// it.</summary>
internal readonly record struct BufferRange(BufferKind Kind, PlannedTensor? Tensor, long FixedOffset, long SizeInBytes)
{
    /// <summary>First byte; of a tensor in the arena known once the plan is placed.</summary>
    public long Offset => Tensor?.Offset ?? FixedOffset;

    public static implicit operator BufferRange(PlannedTensor tensor) =>
        new(BufferKind.Arena, tensor, 0, tensor.SizeInBytes);

    public static implicit operator BufferRange(PackedWeight weight) =>
        new(BufferKind.Weights, null, weight.Offset, weight.SizeInBytes);

    public static BufferRange Input(long offset, long sizeInBytes) =>
        new(BufferKind.Input, null, offset, sizeInBytes);

    public static BufferRange Picture(long sizeInBytes) => new(BufferKind.Picture, null, 0, sizeInBytes);

    public static BufferRange Output(long sizeInBytes) => new(BufferKind.Output, null, 0, sizeInBytes);
}
