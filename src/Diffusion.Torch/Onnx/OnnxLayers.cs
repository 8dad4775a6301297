using Onnx;
using TorchSharp.Modules;

namespace Diffusion.Torch.Onnx;

/// <summary>The network's leaf layers as nodes of operator set 19.</summary>
internal static class OnnxLayers
{
    public static string Multiply(this OnnxGraph graph, string a, string b) => graph.Add("Mul", [a, b]);

    public static string Plus(this OnnxGraph graph, string a, string b) => graph.Add("Add", [a, b]);

    /// <summary>x·sigmoid(x); the operator set has no node of its own for it.</summary>
    public static string Silu(this OnnxGraph graph, string x) => graph.Multiply(x, graph.Add("Sigmoid", [x]));

    /// <summary>The activation that <c>act_fn</c> names.</summary>
    public static string Activate(this OnnxGraph graph, string name, string x) => name switch
    {
        "silu" or "swish" => graph.Silu(x),
        "mish" => graph.Multiply(x, graph.Add("Tanh", [graph.Add("Softplus", [x])])),
        "gelu" => graph.Gelu(x),
        "relu" => graph.Add("Relu", [x]),
        _ => throw new ArgumentException($"act_fn '{name}' is unknown: it is silu, swish, mish, gelu or relu."),
    };

    /// <summary>[N, inputs] to [N, outputs].</summary>
    public static string Linear(this OnnxGraph graph, Linear layer, string x) => graph.Add(
        "Gemm", [x, graph.Weight(layer.weight!), graph.Weight(layer.bias!)], OnnxAttribute.Of("transB", 1));

    /// <summary>[N, tokens, inputs] to [N, tokens, outputs].</summary>
    public static string LinearOfRows(this OnnxGraph graph, Linear layer, string x)
    {
        string weight = graph.Add("Transpose", [graph.Weight(layer.weight!)], OnnxAttribute.Of("perm", [1, 0]));
        return graph.Plus(graph.Add("MatMul", [x, weight]), graph.Weight(layer.bias!));
    }

    /// <summary>Group normalisation of [N, C, H, W].</summary>
    /// <remarks>By way of InstanceNormalization: the node of its own came with operator set 21, and engines take it
    /// apart into more nodes than these.</remarks>
    public static string Norm(this OnnxGraph graph, GroupNorm layer, string x)
    {
        long channels = layer.weight!.shape[0];
        using TorchSharp.DisposeScope scope = TorchSharp.torch.NewDisposeScope();
        string ones = graph.Constant($"ones_{layer.num_groups}", TorchSharp.torch.ones(layer.num_groups));
        string zeros = graph.Constant($"zeros_{layer.num_groups}", TorchSharp.torch.zeros(layer.num_groups));
        string groups = graph.Reshape(x, 0, layer.num_groups, -1);
        string normed = graph.Add("InstanceNormalization", [groups, ones, zeros], OnnxAttribute.Of("epsilon", layer.eps));
        string image = graph.Add("Reshape", [normed, graph.Add("Shape", [x])]);
        string column = graph.Longs(channels, 1, 1);
        string scale = graph.Add("Reshape", [graph.Weight(layer.weight!), column]);
        string shift = graph.Add("Reshape", [graph.Weight(layer.bias!), column]);
        return graph.Plus(graph.Multiply(image, scale), shift);
    }

    /// <summary>A new shape; 0 keeps a dimension, -1 takes what is left.</summary>
    public static string Reshape(this OnnxGraph graph, string x, params long[] shape) =>
        graph.Add("Reshape", [x, graph.Longs(shape)]);

    public static string Transpose(this OnnxGraph graph, string x, params long[] order) =>
        graph.Add("Transpose", [x], OnnxAttribute.Of("perm", order));

    /// <summary>Each pixel four times.</summary>
    public static string Enlarge(this OnnxGraph graph, string x)
    {
        using TorchSharp.torch.Tensor two = TorchSharp.torch.tensor(new float[] { 1, 1, 2, 2 });
        return graph.Add(
            "Resize",
            [x, "", graph.Constant("twice", two)],
            OnnxAttribute.Of("mode", "nearest"),
            OnnxAttribute.Of("coordinate_transformation_mode", "asymmetric"),
            OnnxAttribute.Of("nearest_mode", "floor"));
    }

    /// <summary>The mean of each two by two pixels.</summary>
    public static string Shrink(this OnnxGraph graph, string x) => graph.Add(
        "AveragePool", [x], OnnxAttribute.Of("kernel_shape", [2, 2]), OnnxAttribute.Of("strides", [2, 2]));

    /// <summary>int64 or float32 to another type.</summary>
    public static string Cast(this OnnxGraph graph, string x, TensorProto.Types.DataType type) =>
        graph.Add("Cast", [x], OnnxAttribute.Of("to", (long)type));

    // x/2·(1 + erf(x/√2)), as PyTorch computes it by default; a node of its own came with operator set 20.
    private static string Gelu(this OnnxGraph graph, string x)
    {
        string error = graph.Add("Erf", [graph.Add("Div", [x, graph.Scalar(Math.Sqrt(2))])]);
        string half = graph.Multiply(x, graph.Scalar(0.5));
        return graph.Multiply(half, graph.Plus(error, graph.Scalar(1)));
    }
}
