using Diffusion.Onnx.Graphs;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;
using Microsoft.ML.OnnxRuntime;
using OrtSessionOptions = Microsoft.ML.OnnxRuntime.SessionOptions;

namespace Diffusion.Onnx;

/// <summary>The network at a shape: an inference session for each piece, and the runs of them that evaluate it.
/// </summary>
/// <remarks>It has no state between runs, so that all chains of its shape share it and its packed weights.</remarks>
internal sealed class OnnxNetwork : IDisposable
{
    private readonly List<InferenceSession> _sessions = [];

    /// <summary>Writes and loads the pieces, a few milliseconds each.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="weights">Its weights; borrowed.</param>
    /// <param name="shape">What it is laid out for.</param>
    /// <param name="workPerPiece">See <see cref="GraphCutter.WorkPerPiece"/>; infinity leaves slices whole.</param>
    public OnnxNetwork(UNetConfig config, OnnxWeights weights, NetworkShape shape, double workPerPiece)
    {
        Shape = shape;
        Graph graph = UNetGraph.Build(config, shape, workPerPiece);
        Inputs = graph.Inputs;
        Output = graph.Output;
        IReadOnlyList<GraphPart> parts = GraphCutter.ByWork(graph, shape.Batch, workPerPiece);
        Buffers = new BufferPlan(Inputs, parts, shape.Batch);
        try
        {
            using OrtSessionOptions options = OnnxEnvironment.CreateOptions();
            List<PieceRun> runs = [];
            foreach (GraphPart part in parts)
            {
                using MemoryStream file = new();
                OnnxModelFile.Write(file, part, weights.Read, value => [(long)part.Samples, .. value.Shape[1..]]);
                InferenceSession session = new(file.ToArray(), options);
                _sessions.Add(session);
                for (int sample = 0; sample < shape.Batch; sample += part.Samples)
                {
                    runs.Add(new PieceRun(part, session, sample));
                }
            }

            Runs = runs;
            Slices = [.. runs.Select(run => new SliceInfo(run.Name, run.Part.Flops, run.Part.Bytes))];
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What it is laid out for.</summary>
    public NetworkShape Shape { get; }

    /// <summary>What it is given for each sample.</summary>
    public IReadOnlyList<GraphValue> Inputs { get; }

    /// <summary>What it makes, [1, C', H, W] for each sample.</summary>
    public GraphValue Output { get; }

    /// <summary>What evaluates it, in order.</summary>
    public IReadOnlyList<PieceRun> Runs { get; }

    /// <summary>The same for whoever schedules them.</summary>
    public IReadOnlyList<SliceInfo> Slices { get; }

    /// <summary>Where a run keeps what the pieces hand to one another.</summary>
    public BufferPlan Buffers { get; }

    /// <summary>Runs that use it; kept by <see cref="NetworkCache"/>.</summary>
    public int UserCount { get; set; }

    public void Dispose()
    {
        foreach (InferenceSession session in _sessions)
        {
            session.Dispose();
        }

        _sessions.Clear();
    }
}
