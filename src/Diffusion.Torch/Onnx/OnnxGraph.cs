using System.Runtime.InteropServices;
using Google.Protobuf;
using Onnx;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Onnx;

/// <summary>One ONNX graph while it is written: nodes in order of execution, weights under diffusers' names.</summary>
/// <remarks>Values are their names. Weights are stored as they lie in the model folder; what must be permuted or
/// transposed is so by a node, which every engine folds when it loads the graph.</remarks>
/// <param name="name">The graph's name.</param>
/// <param name="weightNames">The network's tensors, by reference, and their names.</param>
internal sealed class OnnxGraph(string name, IReadOnlyDictionary<Tensor, string> weightNames)
{
    /// <summary>The first operator set whose Pad wraps around.</summary>
    public const int OperatorSet = 19;

    private const int IntermediateVersion = 9;

    private readonly GraphProto _graph = new() { Name = name };
    private readonly HashSet<string> _initializers = [];
    private string _scope = name;
    private int _nodes;

    /// <summary>Names the nodes from here on.</summary>
    public void Enter(string scope) => _scope = scope;

    /// <summary>Declares an input of the graph; numbers are fixed dimensions, texts free ones.</summary>
    public string Input(string value, TensorProto.Types.DataType type, params object[] shape)
    {
        _graph.Input.Add(Declare(value, type, shape));
        return value;
    }

    /// <summary>Makes <paramref name="value"/> an output called <paramref name="output"/>, float32.</summary>
    public void Output(string output, string value, params object[] shape)
    {
        Append("Identity", [value], [output], []);
        _graph.Output.Add(Declare(output, TensorProto.Types.DataType.Float, shape));
    }

    /// <summary>Appends a node with one output and returns that.</summary>
    public string Add(string op, string[] inputs, params AttributeProto[] attributes) =>
        Add(op, outputs: 1, inputs, attributes)[0];

    /// <summary>Appends a node and returns its outputs.</summary>
    public string[] Add(string op, int outputs, string[] inputs, params AttributeProto[] attributes)
    {
        string label = $"{_scope}/{op}_{_nodes}";
        string[] values = [.. Enumerable.Range(0, outputs).Select(i => i == 0 ? label : $"{label}.{i}")];
        Append(op, inputs, values, attributes);
        return values;
    }

    /// <summary>A weight of the network.</summary>
    public string Weight(Tensor weight) => Store(weightNames[weight], weight);

    /// <summary>The rows of a table; its layer hands its weight out under ever new references.</summary>
    public string Table(string path, Embedding table) => Store($"{path}.weight", table.weight!);

    /// <summary>A float32 tensor that is no weight.</summary>
    /// <param name="label">Its name within the present scope.</param>
    /// <param name="values">Its values; borrowed.</param>
    public string Constant(string label, Tensor values) => Store($"{_scope}/{label}", values);

    /// <summary>A float32 scalar.</summary>
    public string Scalar(double value)
    {
        using Tensor scalar = tensor((float)value);
        return Store(FormattableString.Invariant($"float_{value:R}"), scalar);
    }

    /// <summary>A list of int64, such as a shape or axes.</summary>
    public string Longs(params long[] values)
    {
        string label = $"int64_{string.Join('_', values)}";
        if (_initializers.Add(label))
        {
            _graph.Initializer.Add(new TensorProto
            {
                Name = label,
                DataType = (int)TensorProto.Types.DataType.Int64,
                Dims = { values.Length },
                RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<long>(values)),
            });
        }

        return label;
    }

    /// <summary>The graph as a file's content, with notes for whoever runs it.</summary>
    public ModelProto ToModel(params (string Key, string Value)[] notes)
    {
        ModelProto model = new()
        {
            IrVersion = IntermediateVersion,
            ProducerName = "Diffusion",
            ProducerVersion = typeof(OnnxGraph).Assembly.GetName().Version!.ToString(3),
            OpsetImport = { new OperatorSetIdProto { Domain = "", Version = OperatorSet } },
            Graph = _graph,
        };
        model.MetadataProps.Add(notes.Select(note => new StringStringEntryProto { Key = note.Key, Value = note.Value }));
        return model;
    }

    private void Append(string op, string[] inputs, string[] outputs, AttributeProto[] attributes) =>
        _graph.Node.Add(new NodeProto
        {
            Name = $"{_scope}/{op}_{_nodes++}",
            OpType = op,
            Input = { inputs },
            Output = { outputs },
            Attribute = { attributes },
        });

    // Kernels lie channels last in memory; the file has them as their shape says.
    private string Store(string label, Tensor values)
    {
        if (_initializers.Add(label))
        {
            using Tensor single = values.detach().to_type(ScalarType.Float32);
            using Tensor numbers = single.contiguous();
            _graph.Initializer.Add(new TensorProto
            {
                Name = label,
                DataType = (int)TensorProto.Types.DataType.Float,
                Dims = { values.shape },
                RawData = ByteString.CopyFrom(numbers.bytes),
            });
        }

        return label;
    }

    private static ValueInfoProto Declare(string value, TensorProto.Types.DataType type, object[] shape) => new()
    {
        Name = value,
        Type = new TypeProto
        {
            TensorType = new TypeProto.Types.Tensor
            {
                ElemType = (int)type,
                Shape = new TensorShapeProto { Dim = { shape.Select(ToDimension) } },
            },
        },
    };

    private static TensorShapeProto.Types.Dimension ToDimension(object size) => size is string free
        ? new() { DimParam = free }
        : new() { DimValue = Convert.ToInt64(size, null) };
}
