namespace Diffusion.Runtime.Backends;

/// <summary>One slice of a network evaluation: the smallest piece of work that the budget schedules.</summary>
/// <param name="Name">Stable name, the diffusers module path where there is one:
/// <c>down_blocks.0.resnets.1</c>.</param>
/// <param name="Flops">Floating-point operations (a multiply-add counts 2) at the session's shape and batch.</param>
/// <param name="Bytes">Bytes read and written at least once: weights, inputs and outputs.</param>
public readonly record struct SliceInfo(string Name, double Flops, double Bytes);
