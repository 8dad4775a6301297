using Diffusion.Onnx.Graphs;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;
using Microsoft.ML.OnnxRuntime;
using OrtSessionOptions = Microsoft.ML.OnnxRuntime.SessionOptions;

namespace Diffusion.Onnx;

/// <summary>The network at a shape: inference sessions for its pieces and for spans of them.</summary>
/// <remarks>It has no state between runs, so that all chains of its shape share it and its packed weights.</remarks>
internal sealed class OnnxNetwork : IDisposable
{
    private readonly List<InferenceSession> _sessions = [];
    private readonly OnnxWeights _weights;
    private readonly Graph _whole;
    private readonly InferenceSession?[] _spanSessions;
    private volatile bool _isStopped;
    private volatile bool _hasSpans;

    /// <summary>Writes and loads the pieces, a few milliseconds each; <see cref="SpanLoader"/> does the spans.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="weights">Its weights; borrowed.</param>
    /// <param name="shape">What it is laid out for.</param>
    /// <param name="layout">How it is cut.</param>
    public OnnxNetwork(UNetConfig config, OnnxWeights weights, NetworkShape shape, OnnxLayout layout)
    {
        Shape = shape;
        _weights = weights;
        Graph graph = UNetGraph.Build(config, shape, layout.WorkPerPiece, layout.Block);
        _whole = UNetGraph.Build(config, shape, double.PositiveInfinity, layout.Block);
        Inputs = graph.Inputs;
        Output = graph.Output;

        // Where ONNX Runtime chooses the layout of a convolution, what it fuses depends on the cut, and with that bits.
        bool isBlocked = _whole.Nodes.All(node => node.Op != "Conv" || node.Output.IsBlocked);
        IReadOnlyList<GraphSpan> spans = isBlocked ? GraphCutter.Spans(_whole, graph) : [];
        IReadOnlyList<GraphPart> parts = GraphCutter.ByWork(graph, layout.WorkPerPiece, spans);
        int[] spanOf = [.. parts.Select(part => spans.Count(span => span.First <= part.First) - 1)];
        Buffers = new BufferPlan(Inputs, parts, spans.Count == 0 ? null : spanOf);
        Slices = [.. parts.Select(part => new SliceInfo(part.Name, part.Flops, part.Bytes))];

        // A span of one piece is that piece.
        (GraphPart Part, SliceSpan Span)[] runs = [.. spans
            .Select((span, i) => (span.Part, new SliceSpan(
                span.Part.Name, Array.IndexOf(spanOf, i), spanOf.Count(index => index == i))))
            .Where(run => run.Item2.Count > 1)];
        SpanParts = [.. runs.Select(run => run.Part)];
        Spans = [.. runs.Select(run => run.Span)];
        _spanSessions = new InferenceSession?[runs.Length];
        try
        {
            using OrtSessionOptions options = OnnxEnvironment.CreateOptions();
            Runs = [.. parts.Select(part => new PieceRun(part, Load(part, graph, options)))];
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

    /// <summary>What it makes, [1, C', H, W].</summary>
    public GraphValue Output { get; }

    /// <summary>What evaluates it, in order.</summary>
    public IReadOnlyList<PieceRun> Runs { get; }

    /// <summary>The graphs of <see cref="Spans"/>.</summary>
    public IReadOnlyList<GraphPart> SpanParts { get; }

    /// <summary>Whether all spans can run; false while they are loaded, and where that failed.</summary>
    public bool HasSpans => _hasSpans;

    /// <summary>The runs for whoever schedules them.</summary>
    public IReadOnlyList<SliceInfo> Slices { get; }

    /// <summary>Which runs can also be one.</summary>
    public IReadOnlyList<SliceSpan> Spans { get; }

    /// <summary>Where a run keeps what the pieces hand to one another.</summary>
    public BufferPlan Buffers { get; }

    /// <summary>Runs that use it; kept by <see cref="NetworkCache"/>.</summary>
    public int UserCount { get; set; }

    /// <summary>What runs a span, once <see cref="HasSpans"/>.</summary>
    public PieceRun SpanRun(int index) => new(SpanParts[index], _spanSessions[index]!);

    /// <summary>Loads the spans, on any one thread; where that fails, pieces do the same work.</summary>
    public void LoadSpans()
    {
        try
        {
            using OrtSessionOptions options = OnnxEnvironment.CreateOptions();
            for (int i = 0; i < _spanSessions.Length && !_isStopped; i++)
            {
                _spanSessions[i] = Load(SpanParts[i], _whole, options);
            }

            _hasSpans = !_isStopped;
        }
        catch (Exception failure) when (failure is OnnxRuntimeException or OutOfMemoryException)
        {
        }
    }

    /// <summary>Ends <see cref="LoadSpans"/> after the span that it is at; on any thread.</summary>
    public void StopLoading() => _isStopped = true;

    /// <summary>Frees the sessions; nothing loads or runs them any more.</summary>
    public void Dispose()
    {
        foreach (InferenceSession session in _sessions)
        {
            session.Dispose();
        }

        _sessions.Clear();
    }

    private InferenceSession Load(GraphPart part, Graph graph, OrtSessionOptions options)
    {
        using MemoryStream file = new();
        OnnxModelFile.Write(
            file,
            part,
            weight => graph.ValuesOf(weight, _weights.Read),
            value => [.. value.Shape]);
        InferenceSession session = new(file.ToArray(), options);
        _sessions.Add(session);
        return session;
    }
}
