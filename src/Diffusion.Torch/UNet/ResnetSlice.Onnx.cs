using Diffusion.Torch.Onnx;

namespace Diffusion.Torch.UNet;

/// <content>The residual block as ONNX nodes.</content>
internal sealed partial class ResnetSlice
{
    protected override string Emit(OnnxFlow flow)
    {
        OnnxGraph graph = flow.Graph;
        string x = flow.Hidden;
        if (TakesSkip)
        {
            x = graph.Add("Concat", [x, flow.PopSkip()], OnnxAttribute.Of("axis", 1));
        }

        string h = graph.Activate(_activationName, graph.Norm(_norm1, x));
        if (Resample != 0)
        {
            x = Resized(x);
            h = Resized(h);
        }

        h = _conv1.Emit(flow, h);
        string projected = graph.Linear(_embedding, graph.Activate(_activationName, flow.Embedding));
        string embedding = graph.Add("Unsqueeze", [projected, graph.Longs(2, 3)]);
        if (_scaleShift)
        {
            string[] scaleAndShift = graph.Add(
                "Split", outputs: 2, [embedding], OnnxAttribute.Of("axis", 1), OnnxAttribute.Of("num_outputs", 2));
            string scale = graph.Plus(scaleAndShift[0], graph.Scalar(1));
            h = graph.Plus(graph.Multiply(graph.Norm(_norm2, h), scale), scaleAndShift[1]);
        }
        else
        {
            h = graph.Norm(_norm2, graph.Plus(h, embedding));
        }

        h = _conv2.Emit(flow, graph.Activate(_activationName, h));
        string sum = graph.Plus(_shortcut is null ? x : _shortcut.Emit(flow, x), h);
        return OutputScale == 1 ? sum : graph.Add("Div", [sum, graph.Scalar(OutputScale)]);

        string Resized(string value) => Resample > 0 ? graph.Enlarge(value) : graph.Shrink(value);
    }
}
