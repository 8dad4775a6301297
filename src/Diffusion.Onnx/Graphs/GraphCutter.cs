namespace Diffusion.Onnx.Graphs;

/// <summary>Cuts a graph into graphs that are run one after the other.</summary>
internal static class GraphCutter
{
    /// <summary>What a piece may hold, in multiply-adds counted 2: 0.6 ms of one core at 100 GFLOP/s.</summary>
    public const double WorkPerPiece = 60e6;

    /// <summary>What a span may hold: 2.5 ms of such a core, a part of what most budgets leave.</summary>
    public const double WorkPerSpan = 250e6;

    private const string Through = " to ";

    // An element of an operation bound by memory takes as long as this much arithmetic.
    private const double WorkPerElement = 20;

    /// <summary>The graph in one.</summary>
    public static GraphPart Whole(Graph graph, string name) => Cut(graph, [new(name, 0, graph.Nodes.Count)])[0];

    /// <summary>One part for each slice of the network, by the slices' names.</summary>
    public static IReadOnlyList<GraphPart> BySlices(Graph graph) => ByWork(graph, double.PositiveInfinity);

    /// <summary>As few parts as the work allows, none of which reaches beyond its slice.</summary>
    /// <remarks>Where the cuts lie depends on the shape alone, so that the same request gives the same bits.</remarks>
    /// <param name="graph">The graph.</param>
    /// <param name="workPerPiece">What a part may hold, see <see cref="WorkPerPiece"/>; one stage it holds at least.
    /// </param>
    /// <param name="spans">Beyond which no part reaches either; or null.</param>
    public static IReadOnlyList<GraphPart> ByWork(
        Graph graph, double workPerPiece, IReadOnlyList<GraphSpan>? spans = null)
    {
        HashSet<int> begins = [.. spans?.Select(span => span.First) ?? []];
        List<Piece> ranges = [];
        foreach (IGrouping<string, GraphStage> slice in graph.Stages.GroupBy(stage => stage.Slice))
        {
            List<Piece> pieces = [];
            double work = 0;
            foreach (GraphStage stage in slice)
            {
                double more = WorkOf(graph, stage);
                if (begins.Contains(stage.First) || pieces.Count == 0 || work + more > workPerPiece)
                {
                    pieces.Add(new(slice.Key, stage.First, 0));
                    work = 0;
                }

                pieces[^1] = pieces[^1] with { Count = pieces[^1].Count + stage.Count };
                work += more;
            }

            ranges.AddRange(pieces.Count == 1 ? pieces : pieces.Select(
                (piece, i) => piece with { Name = $"{slice.Key} {i + 1}/{pieces.Count}" }));
        }

        return Cut(graph, ranges);
    }

    /// <summary>Spans of the pieces of a graph, over all of it; they do not end with slices.</summary>
    /// <param name="whole">The graph, its convolutions whole.</param>
    /// <param name="pieces">The same graph, its convolutions in parts.</param>
    public static IReadOnlyList<GraphSpan> Spans(Graph whole, Graph pieces)
    {
        List<Piece> ranges = [];
        double work = 0;
        foreach (GraphStage stage in whole.Stages)
        {
            double more = WorkOf(whole, stage);
            if (ranges.Count == 0 || work + more > WorkPerSpan)
            {
                ranges.Add(new(stage.Slice, stage.First, 0));
                work = 0;
            }

            work += more;
            Piece range = ranges[^1];
            string begin = range.Name.Split(Through)[0];
            ranges[^1] = range with
            {
                Name = begin == stage.Slice ? begin : begin + Through + stage.Slice,
                Count = range.Count + stage.Count,
            };
        }

        // The node that makes a value stands elsewhere where convolutions are in parts.
        Dictionary<string, int> places = pieces.Nodes.Select((node, i) => (node.Output.Name, i))
            .ToDictionary(pair => pair.Name, pair => pair.i);
        return [.. Cut(whole, ranges).Select(part => new GraphSpan(
            part, part.First == 0 ? 0 : places[whole.Nodes[part.First - 1].Output.Name] + 1))];
    }

    private static GraphPart[] Cut(Graph graph, IReadOnlyList<Piece> ranges)
    {
        Dictionary<string, int> lastUses = new() { [graph.Output.Name] = int.MaxValue };
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            foreach (GraphValue value in graph.Nodes[i].Inputs)
            {
                lastUses[value.Name] = i;
            }
        }

        return [.. ranges.Select(range => new GraphPart(
            graph, range.Name, range.First, range.Count,
            value => lastUses.GetValueOrDefault(value.Name) >= range.First + range.Count))];
    }

    private static double WorkOf(Graph graph, GraphStage stage) => graph.Nodes.Skip(stage.First).Take(stage.Count)
        .Sum(node => node.Op switch
        {
            "Conv" or "MatMul" or "Gemm" => node.Flops,
            "Reshape" => 0,
            _ => WorkPerElement * node.Output.ElementCount,
        });

    private readonly record struct Piece(string Name, int First, int Count);
}
