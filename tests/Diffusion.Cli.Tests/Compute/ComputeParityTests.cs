using CsCheck;
using Diffusion.Cli.Generation;
using Diffusion.Render.Compute;
using Diffusion.Render.Compute.Planning;
using Diffusion.Runtime.Models;
using Diffusion.Torch.UNet;
using Xunit.Abstractions;

namespace Diffusion.Cli.Tests.Compute;

/// <summary>The compute network against the Torch one, slice by slice, under validation.</summary>
public sealed class ComputeParityTests(ComputeFixture compute, ITestOutputHelper output)
    : IClassFixture<ComputeFixture>
{
    /// <summary>The same sums in another order, twenty layers deep.</summary>
    private const double Rounding = 1e-4;

    /// <summary>A value of eleven bits is off by 2^-12 of itself; twenty layers add up.</summary>
    internal const double HalfRounding = 2e-2;

    private static readonly ComputeBackendOptions _half = new() { Precision = StoragePrecision.Half };

    private static readonly UNetConfig _plain = new()
    {
        BlockOutChannels = [16, 32],
        DownBlockTypes = ["DownBlock2D", "AttnDownBlock2D"],
        UpBlockTypes = ["AttnUpBlock2D", "UpBlock2D"],
        LayersPerBlock = 1,
        NormNumGroups = 8,
    };

    public static TheoryData<string, bool> FeaturesAndTunings
    {
        get
        {
            TheoryData<string, bool> data = [];
            foreach (string feature in Features.Keys)
            {
                data.Add(feature, false);
                data.Add(feature, true);
            }

            return data;
        }
    }

    internal static readonly Dictionary<string, UNetConfig> Features = new()
    {
        ["plain"] = _plain,
        ["patch, classes, scale and shift"] = _plain with
        {
            PatchSize = 2,
            InChannels = 12,
            OutChannels = 12,
            NumClassEmbeds = 5,
            ResnetTimeScaleShift = "scale_shift",
        },
        ["resnet resampling"] = _plain with
        {
            DownBlockTypes = ["ResnetDownsampleBlock2D", "AttnDownBlock2D"],
            UpBlockTypes = ["ResnetUpsampleBlock2D", "AttnUpBlock2D"],
            ActFn = "gelu",
        },
        ["learned variance, one head, no middle"] = _plain with
        {
            OutChannels = 6,
            AttentionHeadDim = 0,
            MidBlockType = null,
            ActFn = "mish",
            CenterInputSample = true,
        },
        ["a skip that fits, odd channels"] = _plain with
        {
            BlockOutChannels = [30, 15, 15],
            NormNumGroups = 3,
            AddAttention = false,
            DownsamplePadding = 0,
            DownBlockTypes = ["DownBlock2D", "DownBlock2D", "DownBlock2D"],
            UpBlockTypes = ["UpBlock2D", "UpBlock2D", "UpBlock2D"],
            ActFn = "relu",
        },
        ["fourier time, middle scale, wide head"] = _plain with
        {
            TimeEmbeddingType = "fourier",
            MidBlockScaleFactor = 1.5,
            BlockOutChannels = [16, 72],
            AttentionHeadDim = 72,
            DownBlockTypes = ["DownBlock2D", "DownBlock2D"],
            UpBlockTypes = ["UpBlock2D", "UpBlock2D"],
        },
        ["learned time, class as time"] = _plain with
        {
            TimeEmbeddingType = "learned",
            NumTrainTimesteps = 100,
            ClassEmbedType = "timestep",
            FlipSinToCos = false,
            TimeEmbeddingDim = 20,
        },
    };

    [SkippableTheory]
    [MemberData(nameof(FeaturesAndTunings))]
    public void Slices_RandomWeights_EqualTorch(string feature, bool isGpu)
    {
        var device = compute.Device;
        using TestModel model = new(Features[feature]);
        using ComputeBackend backend = new(model.Folder, device, null, compute.Kernels, TuningOf(isGpu));

        (double zero, string zeroSlice) = SliceParity.Measure(model.Network, backend, 2, 16, 8, seamless: false);
        (double wrap, string wrapSlice) = SliceParity.Measure(model.Network, backend, 1, 12, 20, seamless: true);

        Assert.True(zero < Rounding, $"zero padding: {zeroSlice} differs by {zero:e1}");
        Assert.True(wrap < Rounding, $"circular padding: {wrapSlice} differs by {wrap:e1}");
        compute.AssertSilent();
    }

    [SkippableFact]
    public void Slices_RandomNetworksAndShapes_EqualTorch()
    {
        var device = compute.Device;
        NetworkGenerator.Cases.Sample(
            test =>
            {
                using TestModel model = new(test.Config, test.Seed);
                using ComputeBackend backend = new(
                    model.Folder, device, null, compute.Kernels, TuningOf(test.Seed % 2 == 0));
                (double error, string slice) = SliceParity.Measure(
                    model.Network, backend, test.Batch, test.Height, test.Width, test.Seamless, test.Seed);
                Assert.True(error < Rounding, $"{slice} differs by {error:e1}: {test}");
            },
            iter: 40,
            threads: 1);
        compute.AssertSilent();
    }

    [SkippableTheory]
    [MemberData(nameof(FeaturesAndTunings))]
    public void Slices_Half_EqualTorchToElevenBits(string feature, bool isGpu)
    {
        var device = compute.Device;
        using TestModel model = new(Features[feature]);
        using ComputeBackend backend = new(model.Folder, device, _half, compute.Kernels, TuningOf(isGpu));

        // Of 12 rows, the lower levels have 6 and 3: below the last of an odd height is nothing.
        (double zero, string zeroSlice) = SliceParity.Measure(model.Network, backend, 2, 12, 8, seamless: false);
        (double wrap, string wrapSlice) = SliceParity.Measure(model.Network, backend, 1, 12, 20, seamless: true);

        output.WriteLine($"differs by {zero:e1} at {zeroSlice}, {wrap:e1} at {wrapSlice}");
        Assert.True(zero < HalfRounding, $"zero padding: {zeroSlice} differs by {zero:e1}");
        Assert.True(wrap < HalfRounding, $"circular padding: {wrapSlice} differs by {wrap:e1}");
        Assert.True(zero > Rounding, "halves cannot be as exact as this");
        compute.AssertSilent();
    }

    [SkippableFact]
    public void Slices_HalfOfRandomNetworksAndShapes_EqualTorchToElevenBits()
    {
        var device = compute.Device;
        double worst = 0;
        NetworkGenerator.Cases.Sample(
            test =>
            {
                using TestModel model = new(test.Config, test.Seed);
                using ComputeBackend backend = new(
                    model.Folder, device, _half, compute.Kernels, TuningOf(test.Seed % 2 == 0));
                (double error, string slice) = SliceParity.Measure(
                    model.Network, backend, test.Batch, test.Height, test.Width, test.Seamless, test.Seed);
                worst = Math.Max(worst, error);
                Assert.True(error < HalfRounding, $"{slice} differs by {error:e1}: {test}");
            },
            iter: 20,
            threads: 1);
        output.WriteLine($"differs by {worst:e1} at most");
        compute.AssertSilent();
    }

    [SkippableFact]
    public void Parts_CutFinely_GiveTheSameBitsAsWholeSlices()
    {
        var device = compute.Device;
        using TestModel model = new(Features["patch, classes, scale and shift"]);
        using ComputeBackend backend = new(model.Folder, device, null, compute.Kernels);

        float[] whole = Output(backend, double.PositiveInfinity);

        Assert.Equal(whole, Output(backend, 1e5));
        Assert.Equal(whole, Output(backend, 1e-9));
        compute.AssertSilent();
    }

    [SkippableTheory]
    [InlineData(StoragePrecision.Full, Rounding)]
    [InlineData(StoragePrecision.Half, HalfRounding)]
    public void Slices_ShippedWeights_EqualTorch(StoragePrecision precision, double limit)
    {
        var device = compute.Device;
        ModelFolder folder = ModelFolder.Open(ModelLocator.Find(null));
        using UNet2DModel network = UNetWeights.Load(folder);
        ComputeBackendOptions options = new() { Precision = precision };
        using ComputeBackend backend = new(folder, device, options, compute.Kernels);

        (double error, string slice) = SliceParity.Measure(network, backend, 2, 24, 32, seamless: true);

        output.WriteLine($"differs by {error:e1} at {slice}");
        Assert.True(error < limit, $"{slice} differs by {error:e1}");
        compute.AssertSilent();
    }

    public static TheoryData<int, int, int> Tiles => new()
    {
        { 1, 8, 2 },
        { 5, 32, 16 },
        { 3, 5, 512 },
    };

    [SkippableTheory]
    [MemberData(nameof(Tiles))]
    public void Slices_OtherTiles_EqualTorch(int channels, int pointwise, int threads)
    {
        var device = compute.Device;
        using TestModel model = new(Features["patch, classes, scale and shift"]);
        ComputeTuning tuning = new([16, 5], 1, threads, channels, pointwise);
        using ComputeBackend backend = new(model.Folder, device, null, compute.Kernels, tuning);

        (double error, string slice) = SliceParity.Measure(model.Network, backend, 2, 16, 8, seamless: true);

        Assert.Null(tuning.WhyNot(device.Limits, device.Subgroups.SubgroupSize));
        Assert.True(error < Rounding, $"{slice} differs by {error:e1}");
        compute.AssertSilent();
    }

    // What runs on graphics cards runs here as well, only slower.
    private ComputeTuning TuningOf(bool isGpu) => isGpu ? ComputeTuning.Gpu : ComputeTuning.For(compute.Device);

    internal static float[] Output(ComputeBackend backend, double mostFlops)
    {
        using NetworkRun run = backend.CreateRun(2, 16, 24, seamless: true, mostFlops);
        for (int sample = 0; sample < 2; sample++)
        {
            Span<float> picture = run.Input(sample, run.Plan.Input.Picture.Range);
            for (int i = 0; i < picture.Length; i++)
            {
                picture[i] = MathF.Sin(i * (sample + 1));
            }

            run.WriteConditioning(backend.Structure, sample, 50, sample);
        }

        for (int i = 0; i < run.Plan.Parts.Count; i++)
        {
            run.Submit(i);
            run.Wait();
        }

        return run.Output.ToArray();
    }
}
