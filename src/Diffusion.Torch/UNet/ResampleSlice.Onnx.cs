using Diffusion.Torch.Onnx;

namespace Diffusion.Torch.UNet;

/// <content>Resampling as ONNX nodes.</content>
internal sealed partial class ResampleSlice
{
    protected override string Emit(OnnxFlow flow) =>
        _conv.Emit(flow, up ? flow.Graph.Enlarge(flow.Hidden) : flow.Hidden);
}
