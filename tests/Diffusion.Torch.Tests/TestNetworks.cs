using Diffusion.Runtime.Models;
using Diffusion.Torch.UNet;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests;

/// <summary>
/// Small networks, one per feature, with every weight random: fresh ones have zeros that would hide errors.
/// </summary>
internal static class TestNetworks
{
    public static readonly UNetConfig Plain = new()
    {
        BlockOutChannels = [16, 32],
        DownBlockTypes = ["DownBlock2D", "AttnDownBlock2D"],
        UpBlockTypes = ["AttnUpBlock2D", "UpBlock2D"],
        LayersPerBlock = 1,
        NormNumGroups = 8,
    };

    public static readonly UNetConfig Textures = Plain with
    {
        PatchSize = 2,
        InChannels = 12,
        OutChannels = 12,
        NumClassEmbeds = 5,
        ResnetTimeScaleShift = "scale_shift",
    };

    public static UNet2DModel Create(UNetConfig config, int seed = 1)
    {
        UNet2DModel network = new(config);
        using Generator generator = new((ulong)seed);
        using IDisposable noGrad = no_grad();
        using IDisposable scope = NewDisposeScope();
        foreach ((string name, Tensor parameter) in network.state_dict())
        {
            // Weights of about 1/sqrt(fan-in) keep activations near 1; norms stay near 1 so that nothing dies out.
            double fanIn = parameter.dim() > 1 ? parameter.numel() / (double)parameter.shape[0] : 100;
            Tensor noise = randn(parameter.shape, generator: generator) / Math.Sqrt(fanIn);
            bool isNorm = name.Contains("norm", StringComparison.Ordinal)
                && name.EndsWith("weight", StringComparison.Ordinal);
            parameter.copy_(isNorm ? 1 + noise : noise);
        }

        network.eval();
        return network;
    }

    public static Tensor Noise(int seed, params long[] shape)
    {
        using Generator generator = new((ulong)seed);
        return randn(shape, generator: generator);
    }
}
