using Diffusion.Onnx.Graphs;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;
using Microsoft.ML.OnnxRuntime;
using OrtSessionOptions = Microsoft.ML.OnnxRuntime.SessionOptions;

namespace Diffusion.Onnx;

/// <summary>The network at a shape: an inference session for each piece.</summary>
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
        Parts = GraphCutter.ByWork(graph, workPerPiece);
        Slices = [.. Parts.Select(part => new SliceInfo(part.Name, part.Flops, part.Bytes))];
        Buffers = new BufferPlan(Inputs, Parts);
        try
        {
            using OrtSessionOptions options = OnnxEnvironment.CreateOptions();
            foreach (GraphPart part in Parts)
            {
                using MemoryStream file = new();
                OnnxModelFile.Write(file, part, weights.Read, value => value.Shape.Cast<object>());
                _sessions.Add(new InferenceSession(file.ToArray(), options));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What it is laid out for.</summary>
    public NetworkShape Shape { get; }

    /// <summary>What it is given.</summary>
    public IReadOnlyList<GraphValue> Inputs { get; }

    /// <summary>What it makes, [N, C', H, W].</summary>
    public GraphValue Output { get; }

    /// <summary>The pieces in order.</summary>
    public IReadOnlyList<GraphPart> Parts { get; }

    /// <summary>The same for whoever schedules them.</summary>
    public IReadOnlyList<SliceInfo> Slices { get; }

    /// <summary>Where a run keeps what the pieces hand to one another.</summary>
    public BufferPlan Buffers { get; }

    /// <summary>A session for each piece.</summary>
    public IReadOnlyList<InferenceSession> Sessions => _sessions;

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
