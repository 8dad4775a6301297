namespace Diffusion.Onnx.Graphs;

/// <summary>Cuts a graph into graphs that are run one after the other.</summary>
internal static class GraphCutter
{
    /// <summary>What a piece may hold, in multiply-adds counted 2: about 1 ms of one core at 100 GFLOP/s.</summary>
    public const double WorkPerPiece = 100e6;

    // An element of an operation bound by memory takes as long as this much arithmetic.
    private const double WorkPerElement = 32;

    /// <summary>The graph in one.</summary>
    public static GraphPart Whole(Graph graph, string name) => Cut(graph, [(name, 0, graph.Nodes.Count)])[0];

    /// <summary>One part for each slice of the network, by the slices' names.</summary>
    public static IReadOnlyList<GraphPart> BySlices(Graph graph) => ByWork(graph, double.PositiveInfinity);

    /// <summary>As few parts as the work allows, none of which reaches beyond its slice.</summary>
    /// <remarks>Where the cuts lie depends on the shape alone, so that the same request gives the same bits.</remarks>
    /// <param name="graph">The graph.</param>
    /// <param name="workPerPiece">What a part may hold, see <see cref="WorkPerPiece"/>; one stage it holds at
    /// least.</param>
    public static IReadOnlyList<GraphPart> ByWork(Graph graph, double workPerPiece)
    {
        List<(string Name, int First, int Count)> ranges = [];
        foreach (IGrouping<string, GraphStage> slice in graph.Stages.GroupBy(stage => stage.Slice))
        {
            List<(int First, int Count)> pieces = [];
            double work = 0;
            foreach (GraphStage stage in slice)
            {
                double more = WorkOf(graph, stage);
                if (pieces.Count == 0 || work + more > workPerPiece)
                {
                    pieces.Add((stage.First, 0));
                    work = 0;
                }

                pieces[^1] = (pieces[^1].First, pieces[^1].Count + stage.Count);
                work += more;
            }

            ranges.AddRange(pieces.Select((piece, i) => (
                pieces.Count == 1 ? slice.Key : $"{slice.Key} {i + 1}/{pieces.Count}", piece.First, piece.Count)));
        }

        return Cut(graph, ranges);
    }

    private static GraphPart[] Cut(Graph graph, IReadOnlyList<(string Name, int First, int Count)> ranges)
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
}
