using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch.UNet;

/// <summary>
/// diffusers' <c>Downsample2D</c> (a strided convolution) or <c>Upsample2D</c> (nearest neighbour, then a convolution).
/// </summary>
internal sealed partial class ResampleSlice(Layers layers, string path, int channels, bool up, bool asymmetric = false)
    : UNetSlice(path)
{
    private readonly PaddedConv _conv =
        layers.Conv($"{path}.conv", channels, channels, stride: up ? 1 : 2, asymmetric: asymmetric);

    protected override Tensor Compute(UNetState state, DisposeScope scope)
    {
        Tensor x = state.Hidden;
        return _conv.Apply(
            up ? nn.functional.interpolate(x, scale_factor: [2, 2], mode: InterpolationMode.Nearest) : x);
    }

    protected override void Count(SliceCost cost)
    {
        cost.Resample(up);
        _conv.Count(cost);
    }
}
