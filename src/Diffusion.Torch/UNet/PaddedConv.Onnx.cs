using Diffusion.Torch.Onnx;

namespace Diffusion.Torch.UNet;

/// <content>The convolution as ONNX nodes.</content>
internal sealed partial class PaddedConv
{
    /// <param name="flow">The graph and its padding.</param>
    /// <param name="x">The activations.</param>
    /// <param name="weights">The kernel where it is not the layer's own.</param>
    public string Emit(OnnxFlow flow, string x, string? weights = null)
    {
        OnnxGraph graph = flow.Graph;

        // ONNX names the beginnings of all axes, then the ends: top, left, bottom, right.
        long[] border = [_border[2], _border[0], _border[3], _border[1]];
        if (kernel == 1)
        {
            border = [0, 0, 0, 0];
        }
        else if (flow.IsSeamless)
        {
            string amounts = graph.Longs(0, 0, border[0], border[1], 0, 0, border[2], border[3]);
            x = graph.Add("Pad", [x, amounts], OnnxAttribute.Of("mode", "wrap"));
            border = [0, 0, 0, 0];
        }

        return graph.Add(
            "Conv",
            [x, weights ?? graph.Weight(conv.weight), graph.Weight(conv.bias!)],
            OnnxAttribute.Of("kernel_shape", [kernel, kernel]),
            OnnxAttribute.Of("strides", _strides),
            OnnxAttribute.Of("pads", border));
    }
}
