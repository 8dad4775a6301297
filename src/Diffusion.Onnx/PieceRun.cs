using Diffusion.Onnx.Graphs;
using Microsoft.ML.OnnxRuntime;

namespace Diffusion.Onnx;

/// <summary>One run of a piece: some samples of the batch, or all.</summary>
/// <param name="Part">The piece.</param>
/// <param name="Session">Computes it; the network's.</param>
/// <param name="FirstSample">Of the <see cref="GraphPart.Samples"/> that it computes.</param>
internal readonly record struct PieceRun(GraphPart Part, InferenceSession Session, int FirstSample)
{
    /// <summary>The piece's, and which sample where it is not the first.</summary>
    public string Name => NameOf(Part, FirstSample);

    /// <summary>The name of a run that begins with a sample.</summary>
    public static string NameOf(GraphPart part, int firstSample) =>
        firstSample == 0 ? part.Name : $"{part.Name}, sample {firstSample + 1}";
}
