namespace Diffusion.Onnx.Graphs;

/// <summary>The network's leaf layers as operations.</summary>
/// <param name="graph">Receives them.</param>
/// <param name="isSeamless">Whether convolutions wrap around.</param>
/// <param name="workPerPiece">What a convolution may hold before it is computed in parts, see
/// <see cref="GraphCutter.WorkPerPiece"/>.</param>
internal sealed class GraphLayers(Graph graph, bool isSeamless, double workPerPiece)
{
    // Two of the blocks of 16 in which ONNX Runtime computes channels; one by one they take 7 % longer.
    private const long ChannelsPerPiece = 32;

    public GraphValue Multiply(GraphValue a, GraphValue b) => graph.Add("Mul", Wider(a, b), [a, b]);

    public GraphValue Plus(GraphValue a, GraphValue b) => graph.Add("Add", Wider(a, b), [a, b]);

    public GraphValue Divide(GraphValue a, GraphValue b) => graph.Add("Div", Wider(a, b), [a, b]);

    /// <summary>Along an axis, 1 for the channels.</summary>
    public GraphValue Concat(int axis, params GraphValue[] parts)
    {
        long[] shape = [.. parts[0].Shape];
        shape[axis] = parts.Sum(part => part.Shape[axis]);
        return graph.Add("Concat", shape, parts, new GraphAttribute("axis", (long)axis));
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
    public GraphValue Enlarge(GraphValue x) => graph.Add(
        "Resize",
        [x.Shape[0], x.Shape[1], 2 * x.Shape[2], 2 * x.Shape[3]],
        [x, GraphValue.None, graph.Floats("twice", [4], [1, 1, 2, 2])],
        new("mode", "nearest"),
        new("coordinate_transformation_mode", "asymmetric"),
        new("nearest_mode", "floor"));

    /// <summary>The mean of each two by two pixels.</summary>
    public GraphValue Shrink(GraphValue x) => graph.Add(
        "AveragePool",
        [x.Shape[0], x.Shape[1], x.Shape[2] / 2, x.Shape[3] / 2],
        [x],
        new("kernel_shape", (long[])[2, 2]),
        new("strides", (long[])[2, 2]));

    /// <summary>A convolution that keeps the canvas, or halves it at stride 2; kernel 1 does not pad.</summary>
    /// <remarks>
    /// One that holds more work than a piece may is computed in several, between which the graph may be cut: each makes
    /// some of the channels, or some of the rows, for which it reads two rows more than it makes.
    /// </remarks>
    /// <param name="path">Where its weights are.</param>
    /// <param name="x">[N, inputs, H, W].</param>
    /// <param name="outputs">Channels out.</param>
    /// <param name="kernel">Edge of the kernel, 1 or 3.</param>
    /// <param name="stride">1 or 2.</param>
    /// <param name="isAsymmetric">Whether it pads right and bottom only, as <c>downsample_padding</c> 0 has it.</param>
    /// <param name="inputOrder">The kernel's input channels in the order of <paramref name="x"/>, or null where that is
    /// their own.</param>
    public GraphValue Convolve(
        string path,
        GraphValue x,
        int outputs,
        int kernel = 3,
        int stride = 1,
        bool isAsymmetric = false,
        long[]? inputOrder = null)
    {
        long inputs = x.Shape[1];
        GraphValue weights = graph.Weight($"{path}.weight", outputs, inputs, kernel, kernel);
        GraphValue bias = graph.Weight($"{path}.bias", outputs);
        // ONNX names the beginnings of all axes, then the ends: top, left, bottom, right.
        long[] border = kernel == 1 ? [0, 0, 0, 0] : isAsymmetric ? [0, 0, 1, 1] : [1, 1, 1, 1];
        long height = ((x.Shape[2] + border[0] + border[2] - kernel) / stride) + 1;
        long width = ((x.Shape[3] + border[1] + border[3] - kernel) / stride) + 1;
        if (isSeamless && kernel > 1)
        {
            x = Wrap(x, border);
            border = [0, 0, 0, 0];
        }

        double length = (double)inputs * kernel * kernel;
        double work = 2 * length * outputs * height * width;
        if (work <= workPerPiece)
        {
            return Product(x, weights, bias, height, border);
        }

        // A piece that makes some of the channels reads all of the canvas again, one that makes some of the rows all of
        // the kernel: what is smaller.
        bool isByChannels = weights.ElementCount > x.ElementCount && outputs >= 2 * ChannelsPerPiece;
        (long extent, long unit) = isByChannels ? ((long)outputs, ChannelsPerPiece) : (height, 1L);
        long units = (extent + unit - 1) / unit;
        long pieces = (long)Math.Min(Math.Ceiling(work / workPerPiece), units);
        graph.EndStage();
        List<GraphValue> made = [];
        for (long piece = 0; piece < pieces; piece++)
        {
            long first = units * piece / pieces * unit;
            long end = Math.Min(units * (piece + 1) / pieces * unit, extent);
            made.Add(isByChannels ? Channels(first, end) : Rows(first, end));
            graph.EndStage();
        }

        return Concat(isByChannels ? 1 : 2, [.. made]);

        GraphValue Channels(long first, long end) =>
            Product(x, Slice(weights, 0, first, end), Slice(bias, 0, first, end), height, border);

        GraphValue Rows(long first, long end)
        {
            // What they read, as far as that is there; the rest is padding.
            long top = (first * stride) - border[0];
            long bottom = top + ((end - first - 1) * stride) + kernel;
            (long start, long stop) = (Math.Max(top, 0), Math.Min(bottom, x.Shape[2]));
            long[] pads = [start - top, border[1], bottom - stop, border[3]];
            return Product(Slice(x, 2, start, stop), weights, bias, end - first, pads);
        }

        GraphValue Product(GraphValue read, GraphValue kernels, GraphValue shift, long rows, long[] pads) =>
            graph.AddProduct(
                "Conv",
                length,
                [x.Shape[0], kernels.Shape[0], rows, width],
                [read, InOrder(kernels), shift],
                new("kernel_shape", (long[])[kernel, kernel]),
                new("strides", (long[])[stride, stride]),
                new("pads", pads));

        // In the same stage as its convolution, where it is a constant.
        GraphValue InOrder(GraphValue kernels) => inputOrder is null ? kernels : graph.Add(
            "Gather", kernels.Shape, [kernels, graph.Longs(inputOrder)], new GraphAttribute("axis", 1L));
    }

    /// <summary>A part of a value along an axis.</summary>
    public GraphValue Slice(GraphValue x, int axis, long first, long end)
    {
        long[] shape = [.. x.Shape];
        shape[axis] = end - first;
        return graph.Add("Slice", shape, [x, graph.Longs(first), graph.Longs(end), graph.Longs(axis)]);
    }

    private GraphValue Wrap(GraphValue x, long[] border) => graph.Add(
        "Pad",
        [x.Shape[0], x.Shape[1], x.Shape[2] + border[0] + border[2], x.Shape[3] + border[1] + border[3]],
        [x, graph.Longs(0, 0, border[0], border[1], 0, 0, border[2], border[3])],
        new GraphAttribute("mode", "wrap"));

    // x/2·(1 + erf(x/√2)), as PyTorch computes it by default; an operation of its own came with operator set 20.
    private GraphValue Gelu(GraphValue x)
    {
        GraphValue error = Map("Erf", Divide(x, graph.Scalar(Math.Sqrt(2))));
        return Multiply(Multiply(x, graph.Scalar(0.5)), Plus(error, graph.Scalar(1)));
    }

    // Of two values of which one is spread over the other.
    private static long[] Wider(GraphValue a, GraphValue b) => a.ElementCount >= b.ElementCount ? a.Shape : b.Shape;
}
