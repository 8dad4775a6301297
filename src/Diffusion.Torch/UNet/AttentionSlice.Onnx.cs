using Diffusion.Torch.Onnx;

namespace Diffusion.Torch.UNet;

/// <content>Attention as ONNX nodes.</content>
internal sealed partial class AttentionSlice
{
    protected override string Emit(OnnxFlow flow)
    {
        OnnxGraph graph = flow.Graph;
        string x = flow.Hidden;
        string normed = _norm is null ? x : graph.Norm(_norm, x);
        string rows = graph.Transpose(graph.Reshape(normed, 0, _channels, -1), 0, 2, 1);

        // [N, heads, tokens, width], keys transposed; the scale goes onto the queries, which are fewest.
        string queries = graph.Multiply(
            Split(graph.LinearOfRows(_query, rows), 0, 2, 1, 3), graph.Scalar(1 / Math.Sqrt(_headWidth)));
        string keys = Split(graph.LinearOfRows(_key, rows), 0, 2, 3, 1);
        string values = Split(graph.LinearOfRows(_value, rows), 0, 2, 1, 3);
        string weights = graph.Add(
            "Softmax", [graph.Add("MatMul", [queries, keys])], OnnxAttribute.Of("axis", -1));
        string attended = graph.Transpose(graph.Add("MatMul", [weights, values]), 0, 2, 1, 3);
        string merged = graph.LinearOfRows(_output, graph.Reshape(attended, 0, 0, (long)_heads * _headWidth));
        string image = graph.Add("Reshape", [graph.Transpose(merged, 0, 2, 1), graph.Add("Shape", [x])]);
        string sum = graph.Plus(x, image);
        return OutputScale == 1 ? sum : graph.Add("Div", [sum, graph.Scalar(OutputScale)]);

        string Split(string t, params long[] order) =>
            graph.Transpose(graph.Reshape(t, 0, 0, _heads, _headWidth), order);
    }
}
