namespace Diffusion.Onnx.Graphs;

/// <content>Convolutions, whole and in parts, in either layout.</content>
internal sealed partial class GraphLayers
{
    // So many blocks ONNX Runtime computes at once, each from the same reads of the canvas; a group of fewer takes
    // nearly as long.
    private const int BlocksAtOnce = 4;

    // Where the layout is ONNX Runtime's own matter, blocks are of 16 at most.
    private long ChannelsPerPiece => BlocksAtOnce * (block > 0 ? block : 16);

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
    /// <param name="sum">What is added to the result, of its shape, or null.</param>
    public GraphValue Convolve(
        string path,
        GraphValue x,
        int outputs,
        int kernel = 3,
        int stride = 1,
        bool isAsymmetric = false,
        long[]? inputOrder = null,
        GraphValue? sum = null)
    {
        long inputs = x.Shape[1];
        GraphValue weights = graph.Weight($"{path}.weight", outputs, inputs, kernel, kernel);
        GraphValue bias = graph.Weight($"{path}.bias", outputs);
        // ONNX names the beginnings of all axes, then the ends: top, left, bottom, right.
        long[] border = kernel == 1 ? [0, 0, 0, 0] : isAsymmetric ? [0, 0, 1, 1] : [1, 1, 1, 1];
        long height = ((x.Shape[2] + border[0] + border[2] - kernel) / stride) + 1;
        long width = ((x.Shape[3] + border[1] + border[3] - kernel) / stride) + 1;

        // A canvas of fewer channels than a block has is read as it is; what brings it into blocks takes four at once.
        bool isBlocked = block > 0 && (inputs < block || inputs % 4 == 0);
        long made = isBlocked ? (outputs + block - 1) / block * block : outputs;
        bool addsSum = isBlocked && made == outputs && sum is { IsBlocked: true };
        x = isBlocked && inputs >= block ? graph.Blocked(x, block) : graph.Plain(x);
        if (isSeamless && kernel > 1)
        {
            x = Wrap(x, border);
            border = [0, 0, 0, 0];
        }

        double length = (double)inputs * kernel * kernel;
        double work = 2 * length * outputs * height * width;
        graph.EnterParts();
        if (work <= workPerPiece)
        {
            Product(x, 0, made, height, border, addsSum ? sum : null);
        }
        else
        {
            InParts();
        }

        GraphValue result = graph.LeaveParts("Conv");
        result = made == outputs ? result : graph.Plain(result, outputs);
        return sum is null || addsSum ? result : Plus(result, sum);

        void InParts()
        {
            // A piece that makes some of the channels reads all of the canvas again, one that makes some of the rows
            // all of the kernel: what is smaller.
            bool isByChannels = weights.ElementCount > x.ElementCount && made >= 2 * ChannelsPerPiece;
            (long extent, long unit) = isByChannels ? (made, ChannelsPerPiece) : (height, 1L);
            long units = (extent + unit - 1) / unit;
            long pieces = (long)Math.Min(Math.Ceiling(work / workPerPiece), units);
            graph.EndStage();
            GraphValue[] parts = new GraphValue[pieces];
            for (long piece = 0; piece < pieces; piece++)
            {
                long first = units * piece / pieces * unit;
                long end = Math.Min(units * (piece + 1) / pieces * unit, extent);
                parts[piece] = isByChannels ? Channels(first, end) : Rows(first, end);
                graph.EndStage();
            }

            if (isByChannels)
            {
                Concat(1, parts);
            }
            else
            {
                Folded(Concat(2, [.. parts.Select(Unfolded)]));
            }
        }

        GraphValue Channels(long first, long end) =>
            Product(x, first, end, height, border, addsSum ? Slice(sum!, 1, first, end) : null);

        GraphValue Rows(long first, long end)
        {
            // What they read, as far as that is there; the rest is padding.
            long top = (first * stride) - border[0];
            long bottom = top + ((end - first - 1) * stride) + kernel;
            (long start, long stop) = (Math.Max(top, 0), Math.Min(bottom, x.Shape[2]));
            long[] pads = [start - top, border[1], bottom - stop, border[3]];
            return Product(
                RowsOf(x, start, stop), 0, made, end - first, pads, addsSum ? RowsOf(sum!, first, end) : null);
        }

        // The channels from first to end, of some rows.
        GraphValue Product(GraphValue read, long first, long end, long rows, long[] pads, GraphValue? added)
        {
            long[] shape = [x.Shape[0], end - first, rows, width];
            GraphAttribute[] attributes =
            [
                new("kernel_shape", (long[])[kernel, kernel]),
                new("strides", (long[])[stride, stride]),
                new("pads", pads),
            ];
            if (!isBlocked)
            {
                (GraphValue kernels, GraphValue shift) = end - first == outputs
                    ? (weights, bias)
                    : (Slice(weights, 0, first, end), Slice(bias, 0, first, end));
                return graph.AddProduct("Conv", length, shape, [read, InOrder(kernels), shift], attributes);
            }

            GraphValue packed = graph.Packed(new PackedKernel(weights, first, end, block, inputOrder));
            GraphValue packedBias = graph.Packed(new PackedKernel(bias, first, end, block, null));
            return graph.AddBlockedConvolution(
                length,
                shape,
                added is null ? [read, packed, packedBias] : [read, packed, packedBias, added],
                [new("group", 1L), .. attributes]);
        }

        // In the same stage as its convolution, where it is a constant.
        GraphValue InOrder(GraphValue kernels) => inputOrder is null ? kernels : graph.Add(
            "Gather", kernels.Shape, [kernels, graph.Longs(inputOrder)], new GraphAttribute("axis", 1L));
    }

    private GraphValue RowsOf(GraphValue x, long first, long end) => Folded(Slice(Unfolded(x), 2, first, end));

    private GraphValue Wrap(GraphValue x, long[] border)
    {
        x = Unfolded(x);
        long[] shape = [.. x.Shape];
        shape[2] += border[0] + border[2];
        shape[3] += border[1] + border[3];
        GraphAttribute wrap = new("mode", "wrap");
        return x.IsBlocked
            ? Folded(graph.AddBlocked(
                "", "Pad", shape,
                [x, graph.Longs(0, 0, border[0], border[1], 0, 0, 0, border[2], border[3], 0)], wrap))
            : graph.Add(
                "Pad", shape, [x, graph.Longs(0, 0, border[0], border[1], 0, 0, border[2], border[3])], wrap);
    }

    // Blocks of channels as they lie, [N, C/b, H, W, b], for operations that know nothing of them.
    private GraphValue Unfolded(GraphValue x) => !x.IsBlocked || x.Shape.Length == 5
        ? x
        : Reshaped(x, [x.Shape[0], x.Shape[1] / block, x.Shape[2], x.Shape[3], block]);

    private GraphValue Folded(GraphValue x) => x.Shape.Length == 4
        ? x
        : Reshaped(x, [x.Shape[0], x.Shape[1] * block, x.Shape[2], x.Shape[3]]);

    // A new shape of the same bytes, for any number of samples.
    private GraphValue Reshaped(GraphValue x, long[] shape) =>
        graph.AddBlocked("", "Reshape", shape, [x, graph.Longs([0, .. shape[1..]])]);
}
