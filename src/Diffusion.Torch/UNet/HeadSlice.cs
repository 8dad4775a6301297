using Diffusion.Runtime.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Torch.UNet;

/// <summary><c>conv_norm_out</c>, SiLU, <c>conv_out</c>, and the patch undone.</summary>
internal sealed class HeadSlice(UNetConfig config, Layers layers) : ConvSlice("conv_out")
{
    private readonly GroupNorm _norm =
        layers.Norm("conv_norm_out", config.NormNumGroups, config.BlockOutChannels[0], config.NormEps);

    private readonly PaddedConv _conv =
        layers.Conv("conv_out", config.BlockOutChannels[0], config.OutChannels).Zeroed();

    protected override PaddedConv Conv => _conv;

    protected override Tensor Before(UNetState state, DisposeScope scope) =>
        nn.functional.silu(_norm.call(state.Hidden));

    protected override Tensor After(UNetState state, Tensor convolved)
    {
        Tensor output = convolved;
        if (config.TimeEmbeddingType == "fourier")
        {
            // [Song21SDE] a network of variance-exploding noise predicts the score, whose scale is 1/σ
            output /= state.Timestep.view(-1, 1, 1, 1);
        }

        return config.PatchSize == 1 ? output : nn.functional.pixel_shuffle(output, config.PatchSize);
    }

    protected override void CountBefore(SliceCost cost)
    {
        cost.Normalise(cost.Channels);
        cost.Elementwise(cost.Channels, flopsPerElement: 4);
    }
}
