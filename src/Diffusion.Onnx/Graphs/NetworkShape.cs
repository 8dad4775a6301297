namespace Diffusion.Onnx.Graphs;

/// <summary>What a network is laid out for.</summary>
/// <param name="Batch">Samples evaluated together.</param>
/// <param name="Height">Canvas height in pixels, a multiple of the configuration's stride.</param>
/// <param name="Width">Canvas width, likewise.</param>
/// <param name="IsSeamless">Whether convolutions wrap around.</param>
internal readonly record struct NetworkShape(int Batch, int Height, int Width, bool IsSeamless);
