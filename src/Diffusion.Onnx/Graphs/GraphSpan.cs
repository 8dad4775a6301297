namespace Diffusion.Onnx.Graphs;

/// <summary>A part that may be run in one, or piece by piece.</summary>
/// <param name="Part">All of it, of the graph whose convolutions are whole.</param>
/// <param name="First">Its first node in the graph of the pieces; they are those up to the next span's.</param>
internal sealed record GraphSpan(GraphPart Part, int First);
