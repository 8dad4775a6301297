using Diffusion.Render.Compute.Kernels;

namespace Diffusion.Render.Compute.Planning;

/// <summary>One kernel over one set of tensors.</summary>
internal sealed class PlannedDispatch
{
    public required KernelKey Kernel { get; init; }

    /// <summary>By binding; <see cref="BufferKind.None"/> where the shader has none.</summary>
    public required BufferRange[] Bindings { get; init; }

    public required PushWords Push { get; init; }

    public required (int X, int Y, int Z) Groups { get; init; }

    /// <summary>Arithmetic; a multiply-add counts 2.</summary>
    public required double Flops { get; init; }

    /// <summary>Bytes that move at least once: weights, inputs, outputs.</summary>
    public required double Bytes { get; init; }
}
