namespace Diffusion.Onnx.Graphs;

/// <summary>Consecutive nodes before and after which a graph may be cut.</summary>
/// <param name="Slice">The slice of the network that they belong to.</param>
/// <param name="First">Index of the first node.</param>
/// <param name="Count">How many.</param>
internal readonly record struct GraphStage(string Slice, int First, int Count);
