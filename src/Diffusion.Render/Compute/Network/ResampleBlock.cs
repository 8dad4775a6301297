using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Compute.Weights;

namespace Diffusion.Render.Compute.Network;

/// <summary>
/// diffusers' <c>Downsample2D</c> (a strided convolution) or <c>Upsample2D</c> (nearest neighbour, then a convolution).
/// </summary>
internal sealed class ResampleBlock(WeightLayout weights, string path, int channels, bool up, bool asymmetric = false)
    : Block(path)
{
    private readonly WeightPair _conv = weights.Convolution($"{path}.conv", channels, channels, 3);

    protected override Activations Compute(PlanWriter plan) => plan.Convolve(new ConvolutionCall
    {
        Name = Name,
        Weights = _conv,
        Kernel = 3,
        Input = plan.Hidden,
        Stride = up ? 1 : 2,
        IsAsymmetric = asymmetric,
        Upsamples = up,
    });
}
