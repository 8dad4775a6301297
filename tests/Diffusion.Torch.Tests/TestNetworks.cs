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

    /// <summary>What the tests of trainers train: patches of pictures of 32 pixels, two classes and the null class.
    /// </summary>
    public static readonly UNetConfig Trained = new()
    {
        SampleSize = 32,
        InChannels = 12,
        OutChannels = 12,
        PatchSize = 2,
        BlockOutChannels = [16, 16],
        DownBlockTypes = ["DownBlock2D", "DownBlock2D"],
        UpBlockTypes = ["UpBlock2D", "UpBlock2D"],
        LayersPerBlock = 1,
        NormNumGroups = 8,
        AddAttention = false,
        NumClassEmbeds = 3,
    };

    /// <summary>A network for each feature of the configuration.</summary>
    public static readonly IReadOnlyDictionary<string, UNetConfig> ByFeature = new Dictionary<string, UNetConfig>
    {
        ["plain"] = Plain,
        ["without attention"] = Plain with
        {
            DownBlockTypes = ["DownBlock2D", "DownBlock2D"],
            UpBlockTypes = ["UpBlock2D", "UpBlock2D"],
            AddAttention = false,
        },
        ["one head, asymmetric padding, shifted sines"] = Plain with
        {
            AttentionHeadDim = 0,
            DownsamplePadding = 0,
            FreqShift = 1,
            FlipSinToCos = false,
            MidBlockScaleFactor = 1.4142,
            NormEps = 1e-6,
        },
        ["scale and shift, patch, classes"] = Textures,
        ["own attention groups, two layers, three levels"] = Plain with
        {
            BlockOutChannels = [8, 16, 24],
            DownBlockTypes = ["AttnDownBlock2D", "ResnetDownsampleBlock2D", "DownBlock2D"],
            UpBlockTypes = ["AttnUpBlock2D", "ResnetUpsampleBlock2D", "UpBlock2D"],
            LayersPerBlock = 2,
            AttnNormNumGroups = 4,
            ResnetTimeScaleShift = "scale_shift",
            CenterInputSample = true,
        },
        ["resampling by resnets"] = Plain with
        {
            DownBlockTypes = ["AttnDownBlock2D", "DownBlock2D"],
            UpBlockTypes = ["AttnUpBlock2D", "UpBlock2D"],
            DownsampleType = "resnet",
            UpsampleType = "resnet",
        },
        ["fourier"] = Plain with { TimeEmbeddingType = "fourier" },
        ["learned time, mish"] = Plain with
        {
            TimeEmbeddingType = "learned",
            NumTrainTimesteps = 1000,
            ActFn = "mish",
        },
        ["class as a timestep, gelu"] = Plain with { ClassEmbedType = "timestep", ActFn = "gelu" },
        ["no middle block, wide embedding, relu, learned variance"] = Plain with
        {
            MidBlockType = null,
            TimeEmbeddingDim = 40,
            ActFn = "relu",
            OutChannels = 6,
        },
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
