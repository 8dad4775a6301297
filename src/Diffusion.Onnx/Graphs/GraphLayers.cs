namespace Diffusion.Onnx.Graphs;

/// <summary>The network's leaf layers as operations.</summary>
/// <param name="graph">Receives them.</param>
/// <param name="isSeamless">Whether convolutions wrap around.</param>
/// <param name="workPerPiece">What a convolution may hold before it is computed in parts, see
/// <see cref="GraphCutter.WorkPerPiece"/>.</param>
/// <param name="block">Channels of a block, see <see cref="BlockedLayout"/>; 0 for a graph of ONNX's own operations.
/// </param>
internal sealed partial class GraphLayers(Graph graph, bool isSeamless, double workPerPiece, int block)
{
    public GraphValue Multiply(GraphValue a, GraphValue b) => graph.Add("Mul", Wider(a, b), [a, b]);

    public GraphValue Plus(GraphValue a, GraphValue b) => graph.Add("Add", Wider(a, b), [a, b]);

    public GraphValue Divide(GraphValue a, GraphValue b) => graph.Add("Div", Wider(a, b), [a, b]);

    /// <summary>Along an axis, 1 for the channels.</summary>
    public GraphValue Concat(int axis, params GraphValue[] parts)
    {
        long[] shape = [.. parts[0].Shape];
        shape[axis] = parts.Sum(part => part.Shape[axis]);
        GraphAttribute along = new("axis", (long)axis);
        return parts.All(part => part.IsBlocked)
            ? graph.AddBlocked("", "Concat", shape, parts, along)
            : graph.Add("Concat", shape, parts, along);
    }

    /// <summary>x·sigmoid(x); the operator set has no operation of its own for it.</summary>
    public GraphValue Silu(GraphValue x) => Multiply(x, Map("Sigmoid", x));

    /// <summary>The activation that <c>act_fn</c> names.</summary>
    public GraphValue Activate(string name, GraphValue x) => name switch
    {
        "silu" or "swish" => Silu(x),
        "mish" => Multiply(x, Map("Tanh", Map("Softplus", x))),
        "gelu" => Gelu(x),
        "relu" => Map("Relu", x),
        _ => throw new ArgumentException($"act_fn '{name}' is unknown: it is silu, swish, mish, gelu or relu."),
    };

    /// <summary>An operation of one input on each element.</summary>
    public GraphValue Map(string op, GraphValue x) => graph.Add(op, x.Shape, [x]);

    /// <summary>[N, inputs] to [N, outputs].</summary>
    public GraphValue Linear(string path, int outputs, GraphValue x)
    {
        long inputs = x.Shape[1];
        return graph.AddProduct(
            "Gemm",
            inputs,
            [x.Shape[0], outputs],
            [x, graph.Weight($"{path}.weight", outputs, inputs), graph.Weight($"{path}.bias", outputs)],
            new GraphAttribute("transB", 1L));
    }

    /// <summary>[N, tokens, inputs] to [N, tokens, outputs].</summary>
    public GraphValue LinearOfRows(string path, int outputs, GraphValue x)
    {
        long inputs = x.Shape[2];
        GraphValue weight = Transpose(graph.Weight($"{path}.weight", outputs, inputs), 1, 0);
        GraphValue product = graph.AddProduct("MatMul", inputs, [x.Shape[0], x.Shape[1], outputs], [x, weight]);
        return Plus(product, graph.Weight($"{path}.bias", outputs));
    }

    /// <summary>Group normalisation of [N, C, H, W]; the graph may be cut behind it.</summary>
    /// <remarks>By way of InstanceNormalization: the operation of its own came with operator set 21, and engines take
    /// it apart into more than these.</remarks>
    /// <exception cref="ArgumentException">The groups do not divide the channels.</exception>
    public GraphValue Norm(string path, int groups, double epsilon, GraphValue x)
    {
        long channels = x.Shape[1];
        if (groups < 1 || channels % groups != 0)
        {
            throw new ArgumentException(
                $"{path} has {channels} channels, which {groups} normalisation groups do not divide.");
        }

        float[] ones = [.. Enumerable.Repeat(1f, groups)];
        float[] zeros = new float[groups];
        GraphValue rows = Reshape(x, [x.Shape[0], groups, x.ElementCount / x.Shape[0] / groups], 0, groups, -1);
        GraphValue normed = graph.Add(
            "InstanceNormalization",
            rows.Shape,
            [
                rows, graph.Floats($"ones_{groups}", [groups], ones), graph.Floats($"zeros_{groups}", [groups], zeros),
            ],
            new GraphAttribute("epsilon", (float)epsilon));
        long[] column = [channels, 1, 1];
        GraphValue scale = Reshape(graph.Weight($"{path}.weight", channels), column, column);
        GraphValue shift = Reshape(graph.Weight($"{path}.bias", channels), column, column);
        GraphValue output = Plus(Multiply(ReshapeLike(normed, x), scale), shift);
        graph.EndStage();
        return output;
    }

    /// <summary>A new shape.</summary>
    /// <param name="x">Any value.</param>
    /// <param name="shape">The new shape.</param>
    /// <param name="form">The same for any batch and canvas: 0 keeps an extent, -1 takes what is left.</param>
    public GraphValue Reshape(GraphValue x, long[] shape, params long[] form) =>
        graph.Add("Reshape", shape, [x, graph.Longs(form)]);

    /// <summary>The shape of another value.</summary>
    public GraphValue ReshapeLike(GraphValue x, GraphValue like) =>
        graph.Add("Reshape", like.Shape, [x, graph.AddInteger("Shape", [like.Shape.Length], [like])]);

    public GraphValue Transpose(GraphValue x, params long[] order) => graph.Add(
        "Transpose", [.. order.Select(axis => x.Shape[axis])], [x], new GraphAttribute("perm", order));

    /// <summary>Each pixel four times.</summary>
    public GraphValue Enlarge(GraphValue x)
    {
        long[] shape = [x.Shape[0], x.Shape[1], 2 * x.Shape[2], 2 * x.Shape[3]];
        return x.IsBlocked
            ? graph.AddBlocked(
                BlockedLayout.Domain,
                "Upsample",
                shape,
                [x],
                new("mode", "nearest"),
                new("scales", (long[])[1, 1, 2, 2]))
            : graph.Add(
                "Resize",
                shape,
                [x, GraphValue.None, graph.Floats("twice", [4], [1, 1, 2, 2])],
                new("mode", "nearest"),
                new("coordinate_transformation_mode", "asymmetric"),
                new("nearest_mode", "floor"));
    }

    /// <summary>The mean of each two by two pixels.</summary>
    public GraphValue Shrink(GraphValue x) => graph.Add(
        "AveragePool",
        [x.Shape[0], x.Shape[1], x.Shape[2] / 2, x.Shape[3] / 2],
        [x],
        new("kernel_shape", (long[])[2, 2]),
        new("strides", (long[])[2, 2]));

    /// <summary>A part of a value along an axis.</summary>
    public GraphValue Slice(GraphValue x, int axis, long first, long end)
    {
        long[] shape = [.. x.Shape];
        shape[axis] = end - first;
        GraphValue[] inputs = [x, graph.Longs(first), graph.Longs(end), graph.Longs(axis)];
        return x.IsBlocked ? graph.AddBlocked("", "Slice", shape, inputs) : graph.Add("Slice", shape, inputs);
    }

    // x/2·(1 + erf(x/√2)), as PyTorch computes it by default; an operation of its own came with operator set 20.
    private GraphValue Gelu(GraphValue x)
    {
        GraphValue error = Map("Erf", Divide(x, graph.Scalar(Math.Sqrt(2))));
        return Multiply(Multiply(x, graph.Scalar(0.5)), Plus(error, graph.Scalar(1)));
    }

    // Of two values of which one is spread over the other.
    private static long[] Wider(GraphValue a, GraphValue b) => a.ElementCount >= b.ElementCount ? a.Shape : b.Shape;
}
