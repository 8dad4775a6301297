using System.Runtime.InteropServices;

namespace Diffusion.Onnx.Graphs;

/// <summary>A network as operations of ONNX's operator set 19, with the places where it may be cut.</summary>
/// <remarks>
/// Weights are named and not read. Each keeps the name and shape that it has in the model folder; what must be permuted
/// or transposed is so by a node, which every engine folds when it loads the graph.
/// </remarks>
internal sealed class Graph
{
    private const int Outside = -1;

    private readonly List<GraphNode> _nodes = [];
    private readonly List<GraphStage> _stages = [];
    private readonly List<GraphValue> _inputs = [];
    private readonly Dictionary<string, GraphValue> _weights = [];
    private readonly Dictionary<string, GraphConstant> _constants = [];
    private readonly Dictionary<string, PackedKernel> _kernels = [];

    // A value in the other of its two layouts, by its name.
    private readonly Dictionary<string, GraphValue> _twins = [];
    private string _slice = "";
    private int _firstOfStage;
    private int _newest;
    private int _newestPart = Outside;

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

    /// <summary>Weights of convolutions in blocks of channels, by the name that the graph gives them.</summary>
    public IReadOnlyDictionary<string, PackedKernel> Kernels => _kernels;

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

    /// <summary>Appends an operation whose inputs are read, and whose output is made, in blocks of channels.</summary>
    /// <param name="domain">The operator set that has it; empty for ONNX's own.</param>
    /// <param name="op">Its name there.</param>
    /// <param name="shape">The shape of what it makes.</param>
    /// <param name="inputs">What it reads, as it lies.</param>
    /// <param name="attributes">Its settings.</param>
    public GraphValue AddBlocked(
        string domain, string op, long[] shape, GraphValue[] inputs, params GraphAttribute[] attributes) =>
        Append(domain, op, new GraphValue(NewName(op), false, shape) { IsBlocked = true }, inputs, attributes, null);

    /// <summary>Appends a convolution that makes blocks of channels.</summary>
    /// <param name="length">Multiply-adds for each element of its output.</param>
    /// <param name="shape">The shape of what it makes.</param>
    /// <param name="inputs">What it reads, as it lies.</param>
    /// <param name="attributes">Its settings.</param>
    public GraphValue AddBlockedConvolution(
        double length, long[] shape, GraphValue[] inputs, params GraphAttribute[] attributes)
    {
        GraphValue output = new(NewName("Conv"), false, shape) { IsBlocked = true };
        return Append(BlockedLayout.Domain, "Conv", output, inputs, attributes, 2 * length * output.ElementCount);
    }

    /// <summary>[N, C, H, W] in blocks of channels.</summary>
    /// <param name="value">In either layout.</param>
    /// <param name="block">Channels of a block; the last is filled up with zeros.</param>
    public GraphValue Blocked(GraphValue value, int block)
    {
        if (value.IsBlocked)
        {
            return value;
        }

        if (!_twins.TryGetValue(value.Name, out GraphValue? blocked))
        {
            long channels = (value.Shape[1] + block - 1) / block * block;
            blocked = AddBlocked(
                BlockedLayout.Domain, "ReorderInput", [value.Shape[0], channels, .. value.Shape[2..]], [value]);
            _twins.Add(value.Name, blocked);
            _twins.Add(blocked.Name, value);
        }

        return blocked;
    }

    /// <summary>[N, C, H, W] in its own order.</summary>
    /// <param name="value">In either layout.</param>
    /// <param name="channels">C, where blocks were filled up.</param>
    public GraphValue Plain(GraphValue value, long? channels = null)
    {
        if (!value.IsBlocked)
        {
            return value;
        }

        if (!_twins.TryGetValue(value.Name, out GraphValue? plain))
        {
            long[] shape = [value.Shape[0], channels ?? value.Shape[1], .. value.Shape[2..]];
            plain = Append(
                BlockedLayout.Domain, "ReorderOutput", new GraphValue(NewName("ReorderOutput"), false, shape), [value],
                [new GraphAttribute("channels", shape[1])], null);
            _twins.Add(value.Name, plain);
            _twins.Add(plain.Name, value);
        }

        return plain;
    }

    /// <summary>A convolution's weights in blocks of channels.</summary>
    public GraphValue Packed(PackedKernel kernel)
    {
        GraphValue value = new(kernel.Name, false, kernel.Shape);
        _kernels.TryAdd(value.Name, kernel);
        return value;
    }

    /// <summary>The values of a weight as the graph has it.</summary>
    /// <param name="weight">One of <see cref="Weights"/> or <see cref="Kernels"/>.</param>
    /// <param name="read">The model's own values.</param>
    public float[] ValuesOf(GraphValue weight, Func<GraphValue, float[]> read) =>
        _kernels.TryGetValue(weight.Name, out PackedKernel? kernel) ? kernel.Pack(read(kernel.Weight)) : read(weight);

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

    /// <summary>
    /// What follows makes one value by operations whose number depends on where the graph may be cut; names of all
    /// other values do not.
    /// </summary>
    public void EnterParts() => _newestPart = 0;

    /// <summary>The newest output is that value.</summary>
    public GraphValue LeaveParts(string op)
    {
        _newestPart = Outside;
        return NameNewest(NewName(op));
    }

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
        GraphValue[] plain = [.. inputs.Select(input => Plain(input))];
        return Append("", op, new GraphValue(NewName(op), isInteger, shape), plain, attributes, flops);
    }

    private GraphValue Append(
        string domain, string op, GraphValue output, GraphValue[] inputs, GraphAttribute[] attributes, double? flops)
    {
        _nodes.Add(new GraphNode(output.Name, op, inputs, output, attributes, flops ?? output.ElementCount)
        {
            Domain = domain,
        });
        return output;
    }

    private string NewName(string op) => _newestPart == Outside
        ? $"{_slice}/{op}_{++_newest}"
        : $"{_slice}/{op}_{_newest}.{++_newestPart}";
}
