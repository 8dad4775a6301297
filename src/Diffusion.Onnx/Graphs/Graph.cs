using System.Runtime.InteropServices;

namespace Diffusion.Onnx.Graphs;

/// <summary>A network as operations of ONNX's operator set 19, with the places where it may be cut.</summary>
/// <remarks>
/// Weights are named and not read. Each keeps the name and shape that it has in the model folder; what must be permuted
/// or transposed is so by a node, which every engine folds when it loads the graph.
/// </remarks>
internal sealed class Graph
{
    private readonly List<GraphNode> _nodes = [];
    private readonly List<GraphStage> _stages = [];
    private readonly List<GraphValue> _inputs = [];
    private readonly Dictionary<string, GraphValue> _weights = [];
    private readonly Dictionary<string, GraphConstant> _constants = [];
    private string _slice = "";
    private int _firstOfStage;

    /// <summary>Nodes in order of execution.</summary>
    public IReadOnlyList<GraphNode> Nodes => _nodes;

    /// <summary>The stages in order; together they are all nodes.</summary>
    public IReadOnlyList<GraphStage> Stages => _stages;

    /// <summary>What the network is given.</summary>
    public IReadOnlyList<GraphValue> Inputs => _inputs;

    /// <summary>Weights by their name, which is diffusers'.</summary>
    public IReadOnlyDictionary<string, GraphValue> Weights => _weights;

    /// <summary>Other constants by their name.</summary>
    public IReadOnlyDictionary<string, GraphConstant> Constants => _constants;

    /// <summary>What the network makes: the last node's output.</summary>
    public GraphValue Output => _nodes[^1].Output;

    /// <summary>Begins a slice of the network, after which its nodes are named.</summary>
    public void Enter(string slice)
    {
        EndStage();
        _slice = slice;
    }

    /// <summary>The graph may be cut here.</summary>
    public void EndStage()
    {
        if (_nodes.Count > _firstOfStage)
        {
            _stages.Add(new GraphStage(_slice, _firstOfStage, _nodes.Count - _firstOfStage));
            _firstOfStage = _nodes.Count;
        }
    }

    /// <summary>Declares something that the network is given.</summary>
    public GraphValue Input(string name, bool isInteger, params long[] shape)
    {
        GraphValue value = new(name, isInteger, shape);
        _inputs.Add(value);
        return value;
    }

    /// <summary>Appends an operation that is no matrix product; counts as one for each element of its output.</summary>
    /// <param name="op">Its name in the operator set.</param>
    /// <param name="shape">The shape of what it makes.</param>
    /// <param name="inputs">What it reads.</param>
    /// <param name="attributes">Its settings.</param>
    public GraphValue Add(string op, long[] shape, GraphValue[] inputs, params GraphAttribute[] attributes) =>
        Add(op, isInteger: false, shape, inputs, attributes, flops: null);

    /// <summary>Appends an operation that makes int64.</summary>
    public GraphValue AddInteger(string op, long[] shape, GraphValue[] inputs, params GraphAttribute[] attributes) =>
        Add(op, isInteger: true, shape, inputs, attributes, flops: 0);

    /// <summary>Appends a matrix product.</summary>
    /// <param name="op">Its name in the operator set.</param>
    /// <param name="length">Multiply-adds for each element of its output.</param>
    /// <param name="shape">The shape of what it makes.</param>
    /// <param name="inputs">What it reads.</param>
    /// <param name="attributes">Its settings.</param>
    public GraphValue AddProduct(
        string op, double length, long[] shape, GraphValue[] inputs, params GraphAttribute[] attributes) =>
        Add(op, false, shape, inputs, attributes, 2 * length * new GraphValue("", false, shape).ElementCount);

    /// <summary>Gives the output of the newest node the name by which others know it.</summary>
    public GraphValue NameNewest(string name)
    {
        GraphValue value = _nodes[^1].Output with { Name = name };
        _nodes[^1] = _nodes[^1] with { Output = value };
        return value;
    }

    /// <summary>A weight of the network.</summary>
    public GraphValue Weight(string name, params long[] shape)
    {
        GraphValue value = new(name, false, shape);
        _weights.TryAdd(name, value);
        return value;
    }

    /// <summary>float32 values that are no weight; those of one name are the same.</summary>
    public GraphValue Floats(string name, long[] shape, ReadOnlySpan<float> values) =>
        Constant(new GraphValue(name, false, shape), MemoryMarshal.AsBytes(values));

    /// <summary>A float32 scalar.</summary>
    public GraphValue Scalar(double value) =>
        Floats(FormattableString.Invariant($"float_{value:R}"), [], [(float)value]);

    /// <summary>A list of int64, such as a shape or axes.</summary>
    public GraphValue Longs(params long[] values) => Constant(
        new GraphValue($"int64_{string.Join('_', values)}", true, values.Length),
        MemoryMarshal.AsBytes<long>(values));

    private GraphValue Constant(GraphValue value, ReadOnlySpan<byte> bytes)
    {
        _constants.TryAdd(value.Name, new GraphConstant(value, bytes.ToArray()));
        return value;
    }

    private GraphValue Add(
        string op, bool isInteger, long[] shape, GraphValue[] inputs, GraphAttribute[] attributes, double? flops)
    {
        string name = $"{_slice}/{op}_{_nodes.Count}";
        GraphValue output = new(name, isInteger, shape);
        _nodes.Add(new GraphNode(name, op, inputs, output, attributes, flops ?? output.ElementCount));
        return output;
    }
}
