using Diffusion.Onnx.Graphs;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;
using Microsoft.ML.OnnxRuntime;
using OrtSessionOptions = Microsoft.ML.OnnxRuntime.SessionOptions;

namespace Diffusion.Onnx;

/// <summary>The network at a shape: inference sessions for its pieces and for spans of them, and the runs that evaluate
/// it.</summary>
/// <remarks>It has no state between runs, so that all chains of its shape share it and its packed weights.</remarks>
internal sealed class OnnxNetwork : IDisposable
{
    private readonly List<InferenceSession> _sessions = [];
    private readonly OnnxWeights _weights;
    private readonly Graph _whole;

    // Sessions of spans come from a thread of their own, so that the first image does not wait for them.
    private readonly Thread? _loader;
    private readonly InferenceSession?[] _spanSessions = [];
    private volatile bool _isDisposed;
    private volatile bool _hasSpans;

    /// <summary>Writes and loads the pieces, a few milliseconds each, and begins with the spans.</summary>
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
        IReadOnlyList<GraphSpan> spans = isBlocked ? GraphCutter.Spans(_whole, graph, shape.Batch) : [];
        IReadOnlyList<GraphPart> parts = GraphCutter.ByWork(graph, shape.Batch, layout.WorkPerPiece, spans);
        int[] turns =
            [.. parts.Select((part, i) => spans.Count == 0 ? i : spans.Count(span => span.First <= part.First))];
        Buffers = new BufferPlan(Inputs, parts, shape.Batch, turns);
        try
        {
            using OrtSessionOptions options = OnnxEnvironment.CreateOptions();
            List<PieceRun> runs = [];
            List<(GraphPart Part, int Sample)> spanRuns = [];
            List<SliceSpan> slices = [];
            foreach (IGrouping<int, GraphPart> turn in
                parts.Zip(turns).GroupBy(pair => pair.Second, pair => pair.First))
            {
                GraphPart? span = spans.Count == 0 ? null : spans[turn.Key - 1].Part;
                (GraphPart Part, InferenceSession Session)[] pieces =
                    [.. turn.Select(part => (part, Kept(Load(part, graph, options))))];
                int together = span?.Samples ?? shape.Batch;
                for (int sample = 0; sample < shape.Batch; sample += together)
                {
                    int first = runs.Count;
                    runs.AddRange(pieces.SelectMany(piece => Samples(sample, together, piece.Part.Samples)
                        .Select(at => new PieceRun(piece.Part, piece.Session, at))));
                    if (span is not null && runs.Count > first + 1)
                    {
                        spanRuns.Add((span, sample));
                        slices.Add(new SliceSpan(PieceRun.NameOf(span, sample), first, runs.Count - first));
                    }
                }
            }

            Runs = runs;
            SpanParts = spanRuns;
            Slices = [.. runs.Select(run => new SliceInfo(run.Name, run.Part.Flops, run.Part.Bytes))];
            Spans = slices;
            _spanSessions = new InferenceSession?[slices.Count];
            if (slices.Count > 0)
            {
                _loader = new Thread(LoadSpans)
                {
                    IsBackground = true,
                    Name = "diffusion spans",
                    Priority = ThreadPriority.Lowest,
                };
                _loader.Start();
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

    /// <summary>What it is given for each sample.</summary>
    public IReadOnlyList<GraphValue> Inputs { get; }

    /// <summary>What it makes, [1, C', H, W] for each sample.</summary>
    public GraphValue Output { get; }

    /// <summary>What evaluates it, in order.</summary>
    public IReadOnlyList<PieceRun> Runs { get; }

    /// <summary>Graph and first sample of each of <see cref="Spans"/>.</summary>
    public IReadOnlyList<(GraphPart Part, int Sample)> SpanParts { get; }

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

    /// <summary>Runs of spans, once <see cref="HasSpans"/>.</summary>
    public PieceRun SpanRun(int index) => new(SpanParts[index].Part, _spanSessions[index]!, SpanParts[index].Sample);

    /// <summary>Waits until the spans are there.</summary>
    public void FinishLoading() => _loader?.Join();

    public void Dispose()
    {
        _isDisposed = true;
        FinishLoading();
        foreach (InferenceSession session in _sessions)
        {
            session.Dispose();
        }

        _sessions.Clear();
    }

    private static IEnumerable<int> Samples(int first, int count, int step)
    {
        for (int sample = first; sample < first + count; sample += step)
        {
            yield return sample;
        }
    }

    private InferenceSession Kept(InferenceSession session)
    {
        _sessions.Add(session);
        return session;
    }

    // Samples of one part share its session.
    private void LoadSpans()
    {
        try
        {
            using OrtSessionOptions options = OnnxEnvironment.CreateOptions();
            for (int i = 0; i < _spanSessions.Length && !_isDisposed; i++)
            {
                bool isKnown = i > 0 && SpanParts[i - 1].Part == SpanParts[i].Part;
                _spanSessions[i] = isKnown ? _spanSessions[i - 1] : Kept(Load(SpanParts[i].Part, _whole, options));
            }

            _hasSpans = !_isDisposed;
        }
        catch (Exception failure) when (failure is OnnxRuntimeException or OutOfMemoryException)
        {
            // Pieces do the same work.
        }
    }

    private InferenceSession Load(GraphPart part, Graph graph, OrtSessionOptions options)
    {
        using MemoryStream file = new();
        OnnxModelFile.Write(
            file,
            part,
            weight => graph.ValuesOf(weight, _weights.Read),
            value => [(long)part.Samples, .. value.Shape[1..]]);
        return new InferenceSession(file.ToArray(), options);
    }
}
