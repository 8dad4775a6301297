using Diffusion.Torch.Onnx;

namespace Diffusion.Torch.UNet;

/// <content>The embedding as ONNX nodes.</content>
internal sealed partial class TimestepEmbedding
{
    public string Emit(OnnxGraph graph, string features) =>
        graph.Linear(_second, graph.Silu(graph.Linear(_first, features)));
}
