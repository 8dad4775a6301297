using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch.UNet;

/// <summary>
/// diffusers' <c>Downsample2D</c> (a strided convolution) or <c>Upsample2D</c> (nearest neighbour, then a convolution).
/// </summary>
internal sealed class ResampleSlice(Layers layers, string path, int channels, bool up, bool asymmetric = false)
    : ConvSlice(path)
{
    private readonly PaddedConv _conv =
        layers.Conv($"{path}.conv", channels, channels, stride: up ? 1 : 2, asymmetric: asymmetric);

    protected override PaddedConv Conv => _conv;

    protected override Tensor Before(UNetState state, DisposeScope scope) => up
        ? nn.functional.interpolate(state.Hidden, scale_factor: [2, 2], mode: InterpolationMode.Nearest)
        : state.Hidden;

    protected override void CountBefore(SliceCost cost)
    {
        cost.Resample(up);
        if (up)
        {
            cost.Elementwise(cost.Channels, flopsPerElement: 0);
        }
    }
}
