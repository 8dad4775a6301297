namespace Diffusion.Torch.Quality;

/// <summary>A figure with its 95 % interval by the bootstrap.</summary>
/// <param name="Value">The figure.</param>
/// <param name="Low">Lower end of the interval.</param>
/// <param name="High">Upper end of the interval.</param>
public sealed record Estimate(double Value, double Low, double High);
