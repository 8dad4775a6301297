namespace Diffusion.Onnx.Graphs;

/// <summary>What a network is laid out for; it evaluates one sample at a time.</summary>
/// <param name="Height">Canvas height in pixels, a multiple of the configuration's stride.</param>
/// <param name="Width">Canvas width, likewise.</param>
/// <param name="IsSeamless">Whether convolutions wrap around.</param>
internal readonly record struct NetworkShape(int Height, int Width, bool IsSeamless);
