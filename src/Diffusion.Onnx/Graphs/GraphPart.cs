namespace Diffusion.Onnx.Graphs;

/// <summary>Consecutive nodes of a graph as a graph of their own.</summary>
internal sealed class GraphPart
{
    /// <param name="graph">The graph; borrowed.</param>
    /// <param name="name">The part's name.</param>
    /// <param name="first">Index of its first node.</param>
    /// <param name="count">How many nodes it has.</param>
    /// <param name="isUsedLater">Whether a node behind the part reads a value.</param>
    public GraphPart(Graph graph, string name, int first, int count, Func<GraphValue, bool> isUsedLater)
    {
        Name = name;
        First = first;
        Nodes = [.. graph.Nodes.Skip(first).Take(count)];
        GraphValue[] read = [.. Nodes.SelectMany(node => node.Inputs).Where(value => value.Name.Length > 0)
            .DistinctBy(value => value.Name)];
        HashSet<string> made = [.. Nodes.Select(node => node.Output.Name)];
        Weights = [.. read.Where(IsWeight)];
        Constants = [.. read.Where(value => graph.Constants.ContainsKey(value.Name))
            .Select(value => graph.Constants[value.Name])];

        // The network's own first, in their order.
        Inputs = [.. graph.Inputs.Where(input => read.Any(value => value.Name == input.Name)).UnionBy(
            read.Where(value => !made.Contains(value.Name)
                && !IsWeight(value) && !graph.Constants.ContainsKey(value.Name)),
            value => value.Name)];
        Outputs = [.. Nodes.Select(node => node.Output).Where(isUsedLater)];

        bool IsWeight(GraphValue value) =>
            graph.Weights.ContainsKey(value.Name) || graph.Kernels.ContainsKey(value.Name);
    }

    public string Name { get; }

    /// <summary>Index of its first node.</summary>
    public int First { get; }

    public IReadOnlyList<GraphNode> Nodes { get; }

    /// <summary>What it reads and earlier parts or the caller made.</summary>
    public IReadOnlyList<GraphValue> Inputs { get; }

    /// <summary>What it makes for later parts or the caller.</summary>
    public IReadOnlyList<GraphValue> Outputs { get; }

    public IReadOnlyList<GraphValue> Weights { get; }

    public IReadOnlyList<GraphConstant> Constants { get; }

    /// <summary>Floating-point operations of a run.</summary>
    public double Flops => Nodes.Sum(node => node.Flops);

    /// <summary>Bytes that a run moves at least once: weights, inputs and outputs.</summary>
    public double Bytes => Inputs.Concat(Outputs).Concat(Weights).Sum(value => (double)value.SizeInBytes);
}
