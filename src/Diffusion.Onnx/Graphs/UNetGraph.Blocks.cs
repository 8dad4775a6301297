using Diffusion.Runtime.Models.Network;

namespace Diffusion.Onnx.Graphs;

/// <content>The residual block and attention.</content>
internal sealed partial class UNetGraph
{
    private GraphValue Resnet(UNetResnet block)
    {
        string path = block.Path;
        GraphValue x = block.TakesSkip ? _layers.Concat(1, _hidden, _skips.Pop()) : _hidden;
        _graph.EndStage();
        GraphValue h = Activate(Norm("norm1", x));
        if (block.Resample != 0)
        {
            x = Resized(x);
            h = Resized(h);
        }

        h = _layers.Convolve($"{path}.conv1", h, block.Outputs);
        _graph.EndStage();
        bool hasShortcut = block.Inputs != block.Outputs;
        h = _layers.Convolve(
            $"{path}.conv2", Activate(Between(block, h)), block.Outputs, sum: hasShortcut ? null : x);
        if (hasShortcut)
        {
            h = _layers.Convolve($"{path}.conv_shortcut", x, block.Outputs, kernel: 1, sum: h);
        }

        return Scaled(h, block.OutputScale);

        GraphValue Activate(GraphValue value) => _layers.Activate(_config.ActFn, value);

        GraphValue Norm(string name, GraphValue value) =>
            _layers.Norm($"{path}.{name}", _config.NormNumGroups, _config.NormEps, value);

        GraphValue Resized(GraphValue value) => block.Resample > 0 ? _layers.Enlarge(value) : _layers.Shrink(value);
    }

    /// <summary>The second normalisation, and the embedding of time and class before or after it.</summary>
    private GraphValue Between(UNetResnet block, GraphValue h)
    {
        bool isScaleShift = _config.ResnetTimeScaleShift switch
        {
            "default" => false,
            "scale_shift" => true,
            _ => throw new ArgumentException(
                $"resnet_time_scale_shift '{_config.ResnetTimeScaleShift}' is unknown: it is default or scale_shift."),
        };
        long batch = h.Shape[0];
        int outputs = block.Outputs;
        GraphValue projected = _layers.Linear(
            $"{block.Path}.time_emb_proj",
            isScaleShift ? 2 * outputs : outputs,
            _layers.Activate(_config.ActFn, _embedding));
        GraphValue embedding = _graph.Add(
            "Unsqueeze", [batch, projected.Shape[1], 1, 1], [projected, _graph.Longs(2, 3)]);
        if (!isScaleShift)
        {
            return Norm(_layers.Plus(h, embedding));
        }

        // [Dhariwal21, Sec. 3] AdaGN(h, y) = y_s·GroupNorm(h) + y_b, with y_s stored as its distance from 1
        GraphValue scale = _layers.Plus(Channels(0, outputs), _graph.Scalar(1));
        return _layers.Plus(_layers.Multiply(Norm(h), scale), Channels(outputs, 2 * outputs));

        GraphValue Norm(GraphValue value) =>
            _layers.Norm($"{block.Path}.norm2", _config.NormNumGroups, _config.NormEps, value);

        GraphValue Channels(int first, int end) => _graph.Add(
            "Slice",
            [batch, end - first, 1, 1],
            [embedding, _graph.Longs(first), _graph.Longs(end), _graph.Longs(1)]);
    }

    /// <summary>Self-attention of every pixel to every pixel, with its residual. [Vaswani17, Eq. 1]</summary>
    private GraphValue Attention(UNetAttention block)
    {
        int channels = block.Channels;
        int headWidth = _config.AttentionHeadDim == 0 ? channels : _config.AttentionHeadDim;
        int heads = channels / headWidth;
        if (heads < 1)
        {
            throw new ArgumentException(
                $"{block.Path} has {channels} channels, too few for attention_head_dim {headWidth}.");
        }

        GraphValue x = _hidden;
        (long batch, long tokens, int inner) = (x.Shape[0], x.Shape[2] * x.Shape[3], heads * headWidth);
        GraphValue normed = block.Groups == 0
            ? x
            : _layers.Norm($"{block.Path}.group_norm", block.Groups, _config.NormEps, x);
        GraphValue columns = _layers.Reshape(normed, [batch, channels, tokens], 0, channels, -1);
        GraphValue rows = _layers.Transpose(columns, 0, 2, 1);

        // [N, heads, tokens, width], keys transposed.
        GraphValue queries = Project("to_q", 0, 2, 1, 3);
        GraphValue keys = Project("to_k", 0, 2, 3, 1);
        GraphValue values = Project("to_v", 0, 2, 1, 3);
        _graph.EndStage();

        // The scale goes onto the queries, which are fewest. ONNX Runtime makes it part of the product: a cut between
        // them would change bits.
        queries = _layers.Multiply(queries, _graph.Scalar(1 / Math.Sqrt(headWidth)));
        long[] square = [batch, heads, tokens, tokens];
        GraphValue scores = _graph.AddProduct("MatMul", headWidth, square, [queries, keys]);
        GraphValue weights = _graph.Add("Softmax", square, [scores], new GraphAttribute("axis", -1L));
        GraphValue attended = _layers.Transpose(
            _graph.AddProduct("MatMul", tokens, [batch, heads, tokens, headWidth], [weights, values]), 0, 2, 1, 3);
        GraphValue merged = _layers.LinearOfRows(
            $"{block.Path}.to_out.0", channels, _layers.Reshape(attended, [batch, tokens, inner], 0, 0, inner));
        GraphValue image = _layers.ReshapeLike(_layers.Transpose(merged, 0, 2, 1), x);
        return Scaled(_layers.Plus(x, image), block.OutputScale);

        GraphValue Project(string name, params long[] order) => _layers.Transpose(
            _layers.Reshape(
                _layers.LinearOfRows($"{block.Path}.{name}", inner, rows),
                [batch, tokens, heads, headWidth], 0, 0, heads, headWidth),
            order);
    }
}
