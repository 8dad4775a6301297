using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Network;
using static TorchSharp.torch;

namespace Diffusion.Torch.UNet;

/// <summary>Turns a configuration into the ordered slices of the network.</summary>
internal static class UNetBuilder
{
    /// <summary>Builds the slices; their layers hang in <paramref name="root"/>'s module tree.</summary>
    /// <exception cref="ArgumentException">The configuration names an unknown block or sizes that do not fit
    /// together.</exception>
    public static UNetSlice[] Build(UNetConfig config, nn.Module root, PaddingSwitch padding)
    {
        IReadOnlyList<UNetBlock> blocks = UNetBlocks.Of(config);
        Layers layers = new(root, padding);

        // In this order: fresh weights are drawn as layers are made.
        List<UNetSlice> slices = [new StemSlice(config, layers, config.EmbeddingWidth) { KeepsSkip = true }];
        foreach (UNetBlock block in blocks)
        {
            slices.Add(Create(config, layers, block));
        }

        slices.Add(new HeadSlice(config, layers));
        return [.. slices];
    }

    private static UNetSlice Create(UNetConfig config, Layers layers, UNetBlock block) => block switch
    {
        UNetResnet resnet => new ResnetSlice(
            config, layers, resnet.Path, resnet.Inputs, resnet.Outputs, config.EmbeddingWidth)
        {
            KeepsSkip = resnet.KeepsSkip,
            TakesSkip = resnet.TakesSkip,
            Resample = resnet.Resample,
            OutputScale = resnet.OutputScale,
        },
        UNetAttention attention => new AttentionSlice(
            layers, attention.Path, attention.Channels, config.AttentionHeadDim, attention.Groups, config.NormEps)
        {
            KeepsSkip = attention.KeepsSkip,
            OutputScale = attention.OutputScale,
        },
        UNetResample resample => new ResampleSlice(
            layers, resample.Path, resample.Channels, resample.IsUp, resample.IsAsymmetric)
        {
            KeepsSkip = resample.KeepsSkip,
        },
        _ => throw new ArgumentException($"{block.Path} is a {block.GetType().Name}, for which there is no slice."),
    };
}
