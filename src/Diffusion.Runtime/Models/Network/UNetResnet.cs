namespace Diffusion.Runtime.Models.Network;

/// <summary>diffusers' <c>ResnetBlock2D</c>.</summary>
/// <param name="Path">The module path.</param>
/// <param name="Inputs">Channels in, those of the skip included.</param>
/// <param name="Outputs">Channels out.</param>
public sealed record UNetResnet(string Path, int Inputs, int Outputs) : UNetBlock(Path)
{
    /// <summary>Whether the newest skip that is left is appended to the activations.</summary>
    public bool TakesSkip { get; init; }

    /// <summary>
    /// Whether the block halves (-1), keeps (0) or doubles (1) the canvas before its first convolution.
    /// </summary>
    public int Resample { get; init; }

    /// <summary>Divides the sum of block and residual.</summary>
    public double OutputScale { get; init; } = 1;
}
