namespace Diffusion.Onnx.Graphs;

/// <summary>A tensor of a graph that is no weight, with its values.</summary>
/// <param name="Value">Name, type and shape.</param>
/// <param name="Bytes">Its elements, little-endian.</param>
internal sealed record GraphConstant(GraphValue Value, byte[] Bytes);
