namespace Diffusion.Render.Compute.Weights;

/// <summary>A layer's weight and bias.</summary>
internal readonly record struct WeightPair(PackedWeight Weight, PackedWeight Bias);
