namespace Diffusion.Onnx.Graphs;

/// <summary>A setting of a node.</summary>
/// <param name="Name">Its name in the operator set.</param>
/// <param name="Value">A long, float, string or long[].</param>
internal readonly record struct GraphAttribute(string Name, object Value);
