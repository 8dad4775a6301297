namespace Diffusion.Runtime.Models.Network;

/// <summary>
/// diffusers' <c>Downsample2D</c> (a strided convolution) or <c>Upsample2D</c> (nearest neighbour, then a convolution).
/// </summary>
/// <param name="Path">The module path.</param>
/// <param name="Channels">Channels in and out.</param>
/// <param name="IsUp">Whether the canvas doubles; else it halves.</param>
/// <param name="IsAsymmetric">Whether it is padded at the right and bottom only, as
/// <c>downsample_padding</c> 0 has it.</param>
public sealed record UNetResample(string Path, int Channels, bool IsUp, bool IsAsymmetric = false) : UNetBlock(Path);
