using Diffusion.Cli.Generation;
using Diffusion.Render.Compute;
using Diffusion.Runtime.Models;
using Diffusion.Torch.UNet;

namespace Diffusion.Cli.Tests.Compute;

/// <summary>The compute network against the Torch one, slice by slice, under validation.</summary>
public sealed class ComputeParityTests(ComputeFixture compute) : IClassFixture<ComputeFixture>
{
    /// <summary>The same sums in another order, twenty layers deep.</summary>
    private const double Rounding = 1e-4;

    private static readonly UNetConfig _plain = new()
    {
        BlockOutChannels = [16, 32],
        DownBlockTypes = ["DownBlock2D", "AttnDownBlock2D"],
        UpBlockTypes = ["AttnUpBlock2D", "UpBlock2D"],
        LayersPerBlock = 1,
        NormNumGroups = 8,
    };

    public static TheoryData<string> Features => [.. _features.Keys];

    private static readonly Dictionary<string, UNetConfig> _features = new()
    {
        ["plain"] = _plain,
        ["patch, classes, scale and shift"] = _plain with
        {
            PatchSize = 2, InChannels = 12, OutChannels = 12, NumClassEmbeds = 5, ResnetTimeScaleShift = "scale_shift",
        },
        ["resnet resampling"] = _plain with
        {
            DownBlockTypes = ["ResnetDownsampleBlock2D", "AttnDownBlock2D"],
            UpBlockTypes = ["ResnetUpsampleBlock2D", "AttnUpBlock2D"],
            ActFn = "gelu",
        },
        ["learned variance, one head, no middle"] = _plain with
        {
            OutChannels = 6, AttentionHeadDim = 0, MidBlockType = null, ActFn = "mish", CenterInputSample = true,
        },
        ["a skip that fits, odd channels"] = _plain with
        {
            BlockOutChannels = [30, 15, 15], NormNumGroups = 3, AddAttention = false, DownsamplePadding = 0,
            DownBlockTypes = ["DownBlock2D", "DownBlock2D", "DownBlock2D"],
            UpBlockTypes = ["UpBlock2D", "UpBlock2D", "UpBlock2D"], ActFn = "relu",
        },
        ["fourier time, middle scale, wide head"] = _plain with
        {
            TimeEmbeddingType = "fourier", MidBlockScaleFactor = 1.5, BlockOutChannels = [16, 72], AttentionHeadDim = 72,
            DownBlockTypes = ["DownBlock2D", "DownBlock2D"], UpBlockTypes = ["UpBlock2D", "UpBlock2D"],
        },
        ["learned time, class as time"] = _plain with
        {
            TimeEmbeddingType = "learned", NumTrainTimesteps = 100, ClassEmbedType = "timestep", FlipSinToCos = false,
            TimeEmbeddingDim = 20,
        },
    };

    [SkippableTheory]
    [MemberData(nameof(Features))]
    public void Slices_RandomWeights_EqualTorch(string feature)
    {
        var device = compute.Device;
        using TestModel model = new(_features[feature]);
        using ComputeBackend backend = new(model.Folder, device, null, compute.Kernels);

        (double zero, string zeroSlice) = SliceParity.Measure(model.Network, backend, 2, 16, 8, seamless: false);
        (double wrap, string wrapSlice) = SliceParity.Measure(model.Network, backend, 1, 12, 20, seamless: true);

        Assert.True(zero < Rounding, $"zero padding: {zeroSlice} differs by {zero:e1}");
        Assert.True(wrap < Rounding, $"circular padding: {wrapSlice} differs by {wrap:e1}");
        compute.AssertSilent();
    }

    [SkippableFact]
    public void Slices_ShippedWeights_EqualTorch()
    {
        var device = compute.Device;
        ModelFolder folder = ModelFolder.Open(ModelLocator.Find(null));
        using UNet2DModel network = UNetWeights.Load(folder);
        using ComputeBackend backend = new(folder, device, null, compute.Kernels);

        (double error, string slice) = SliceParity.Measure(network, backend, 2, 24, 32, seamless: true);

        Assert.True(error < Rounding, $"{slice} differs by {error:e1}");
        compute.AssertSilent();
    }
}
