using CsCheck;
using Diffusion.Cli.Generation;
using Diffusion.Render.Compute;
using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Devices;
using Diffusion.Runtime.Models;
using Diffusion.Torch.UNet;
using Xunit.Abstractions;

namespace Diffusion.Cli.Tests.Compute;

/// <summary>Convolutions on cooperative matrices against the Torch network, under validation.</summary>
public sealed class MatrixParityTests(ComputeFixture compute, ITestOutputHelper output)
    : IClassFixture<ComputeFixture>
{
    private const double HalfRounding = ComputeParityTests.HalfRounding;

    private static readonly ComputeBackendOptions _half = new() { Precision = StoragePrecision.Half };

    // Every size of matrices that the device has.
    private IEnumerable<ComputeTuning> Tunings
    {
        get
        {
            VulkanDevice device = compute.Device;
            Skip.If(
                device.Matrices.Length == 0,
                $"{device.Info.Name} has no cooperative matrices of float16 with float32 sums.");
            return device.Matrices.Select(shape => ComputeTuning.For(device) with { Matrices = shape });
        }
    }

    public static TheoryData<string> Features => [.. ComputeParityTests.Features.Keys];

    [SkippableTheory]
    [MemberData(nameof(Features))]
    public void Slices_EachFeature_EqualTorchToElevenBits(string feature)
    {
        foreach (ComputeTuning tuning in Tunings)
        {
            using TestModel model = new(ComputeParityTests.Features[feature]);
            using ComputeBackend backend = Open(model.Folder, tuning);

            // Of 12 rows, the lower levels have 6 and 3: below the last of an odd height is nothing.
            (double zero, string zeroSlice) = SliceParity.Measure(model.Network, backend, 2, 12, 8, seamless: false);
            (double wrap, string wrapSlice) = SliceParity.Measure(model.Network, backend, 1, 12, 20, seamless: true);

            output.WriteLine(
                $"{tuning.Matrices}: differs by {zero:e1} at {zeroSlice}, {wrap:e1} at {wrapSlice}");
            Assert.True(zero < HalfRounding, $"zero padding: {zeroSlice} differs by {zero:e1}");
            Assert.True(wrap < HalfRounding, $"circular padding: {wrapSlice} differs by {wrap:e1}");
        }

        compute.AssertSilent();
    }

    [SkippableFact]
    public void Slices_RandomNetworksAndShapes_EqualTorchToElevenBits()
    {
        foreach (ComputeTuning tuning in Tunings)
        {
            double worst = 0;
            int onMatrices = 0;

            // The same ones each time: few values in a normalisation's group make a network that no rounding suits.
            PCG random = new(1, 1);
            for (int i = 0; i < 100; i++)
            {
                NetworkCase test = NetworkGenerator.Cases.Generate(random, null, out _);
                using TestModel model = new(test.Config, test.Seed);
                using ComputeBackend backend = Open(model.Folder, tuning);
                onMatrices += CountOnMatrices(backend);
                (double error, string slice) = SliceParity.Measure(
                    model.Network, backend, test.Batch, test.Height, test.Width, test.Seamless, test.Seed);
                worst = Math.Max(worst, error);
                Assert.True(error < HalfRounding, $"{slice} differs by {error:e1}: {test}");
            }

            output.WriteLine($"{tuning.Matrices}: differs by {worst:e1} at most; {onMatrices} convolutions");
            Assert.True(onMatrices > 40, $"only {onMatrices} convolutions were on matrices");
        }

        compute.AssertSilent();
    }

    [SkippableFact]
    public void Slices_ShippedWeights_EqualTorch()
    {
        ModelFolder folder = ModelFolder.Open(ModelLocator.Find(null));
        using UNet2DModel network = UNetWeights.Load(folder);
        foreach (ComputeTuning tuning in Tunings)
        {
            using ComputeBackend backend = Open(folder, tuning);

            (double error, string slice) = SliceParity.Measure(network, backend, 2, 24, 32, seamless: true);

            output.WriteLine($"{tuning.Matrices}: differs by {error:e1} at {slice}");
            Assert.True(error < HalfRounding, $"{slice} differs by {error:e1}");
        }

        compute.AssertSilent();
    }

    [SkippableFact]
    public void Parts_CutFinely_GiveTheSameBitsAsWholeSlices()
    {
        using TestModel model = new(ComputeParityTests.Features["patch, classes, scale and shift"]);
        foreach (ComputeTuning tuning in Tunings)
        {
            using ComputeBackend backend = Open(model.Folder, tuning);
            Assert.True(CountOnMatrices(backend) > 0);

            float[] whole = ComputeParityTests.Output(backend, double.PositiveInfinity);

            Assert.Equal(whole, ComputeParityTests.Output(backend, 1e5));
            Assert.Equal(whole, ComputeParityTests.Output(backend, 1e-9));
        }

        compute.AssertSilent();
    }

    private static int CountOnMatrices(ComputeBackend backend)
    {
        int edge = backend.Config.Stride;
        return backend.Structure.Plan(1, edge, edge, seamless: true, backend.Tuning).Dispatches
            .Count(dispatch => dispatch.Kernel.Shader == "conv_matrix.comp");
    }

    private ComputeBackend Open(ModelFolder folder, ComputeTuning tuning) =>
        new(folder, compute.Device, _half, compute.Kernels, tuning);
}
