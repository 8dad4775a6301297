using Diffusion.Torch.Onnx;

namespace Diffusion.Torch.UNet;

/// <content>The head as ONNX nodes.</content>
internal sealed partial class HeadSlice
{
    protected override string Emit(OnnxFlow flow)
    {
        OnnxGraph graph = flow.Graph;
        string output = _conv.Emit(flow, graph.Silu(graph.Norm(_norm, flow.Hidden)));
        if (config.TimeEmbeddingType == "fourier")
        {
            output = graph.Add("Div", [output, graph.Reshape(flow.Timestep, -1, 1, 1, 1)]);
        }

        // CRD is the order of PyTorch's pixel_shuffle.
        return config.PatchSize == 1 ? output : graph.Add(
            "DepthToSpace", [output], OnnxAttribute.Of("blocksize", config.PatchSize), OnnxAttribute.Of("mode", "CRD"));
    }
}
