namespace Diffusion.Runtime.Models.Network;

/// <summary>Self-attention of every pixel to every pixel, with its residual.</summary>
/// <param name="Path">The module path.</param>
/// <param name="Channels">Channels in and out.</param>
/// <param name="Groups">Normalisation groups, or 0 for no normalisation.</param>
public sealed record UNetAttention(string Path, int Channels, int Groups) : UNetBlock(Path)
{
    /// <summary>Divides the sum of attention and residual.</summary>
    public double OutputScale { get; init; } = 1;
}
