using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Compute.Weights;
using Diffusion.Runtime.Models;

namespace Diffusion.Render.Compute.Network;

/// <summary><c>conv_norm_out</c>, SiLU, <c>conv_out</c>, and the patch undone.</summary>
internal sealed class HeadBlock(UNetConfig config, WeightLayout weights) : Block("conv_out")
{
    private readonly WeightPair _norm = UNetStructure.Norm(
        weights, "conv_norm_out", config.NormNumGroups, config.BlockOutChannels[0]);

    private readonly WeightPair _conv = weights.Convolution(
        "conv_out", config.BlockOutChannels[0], config.OutChannels, 3);

    protected override Activations Compute(PlanWriter plan)
    {
        PlannedTensor norm = plan.Normalize("conv_norm_out", _norm, config.NormNumGroups, config.NormEps, plan.Hidden);
        Activations output = plan.Convolve(new ConvolutionCall
        {
            Name = Name,
            Weights = _conv,
            Kernel = 3,
            Input = plan.Hidden,
            Norm = norm,
            Activation = Activation.Silu,
        });

        // [Song21SDE] a network of variance-exploding noise predicts the score, whose scale is 1/σ
        bool isScore = config.TimeEmbeddingType == "fourier";
        return plan.Unpatch(output, config.PatchSize, isScore ? plan.Input.Levels : default(BufferRange?));
    }
}
