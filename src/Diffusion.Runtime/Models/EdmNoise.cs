namespace Diffusion.Runtime.Models;

/// <summary>The noise of a network with EDM's preconditioning; names and defaults are diffusers'.</summary>
/// <param name="SigmaMin">Least σ, above 0.</param>
/// <param name="SigmaMax">Largest σ.</param>
/// <param name="SigmaData">The data's deviation, above 0.</param>
public sealed record EdmNoise(double SigmaMin = 0.002, double SigmaMax = 80, double SigmaData = 0.5);
