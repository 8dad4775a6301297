using Diffusion.Render.Compute.Weights;

namespace Diffusion.Render.Compute.Planning;

/// <summary>A convolution with all that is fused into it.</summary>
internal readonly record struct ConvolutionCall
{
    public required string Name { get; init; }

    public required WeightPair Weights { get; init; }

    public required int Kernel { get; init; }

    public required Activations Input { get; init; }

    /// <summary>Appended to the input's channels, or null.</summary>
    public Activations? Skip { get; init; }

    public int Stride { get; init; }

    /// <summary>Pads right and bottom only (diffusers' downsample_padding 0).</summary>
    public bool IsAsymmetric { get; init; }

    /// <summary>Doubles the input by nearest neighbour first.</summary>
    public bool Upsamples { get; init; }

    /// <summary>Scale and shift of a normalisation that the input passes first, or null.</summary>
    public PlannedTensor? Norm { get; init; }

    /// <summary>What the input passes after the normalisation.</summary>
    public Activation Activation { get; init; }

    /// <summary>[N, outputs], added to every pixel, or null.</summary>
    public PlannedTensor? Embedding { get; init; }

    /// <summary>Added to the result, or null; of half the size with <see cref="UpsamplesResidual"/>.</summary>
    public BufferRange? Residual { get; init; }

    public bool UpsamplesResidual { get; init; }

    /// <summary>Divides the result, residual included; 0 means 1.</summary>
    public double OutputScale { get; init; }
}
