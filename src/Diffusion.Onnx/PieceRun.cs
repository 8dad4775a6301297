using Diffusion.Onnx.Graphs;
using Microsoft.ML.OnnxRuntime;

namespace Diffusion.Onnx;

/// <summary>A part of the network and what computes it.</summary>
/// <param name="Part">A piece, or a span of pieces.</param>
/// <param name="Session">The network's.</param>
internal readonly record struct PieceRun(GraphPart Part, InferenceSession Session);
