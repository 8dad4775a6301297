using Diffusion.Torch.UNet;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests;

/// <summary>
/// Convolutions in float32, which oneDNN computes, against the same in float64, which it does not: oneDNN 3.7.1 is
/// wrong for channels that fill no block of 16 in a batch.
/// </summary>
public sealed class PaddedConvTests
{
    /// <summary>
    /// Float32 rounding over at most 9·64 terms, relative to the norm; the error of oneDNN is above 0.05.
    /// </summary>
    private const double Tolerance = 1e-5;

    public static TheoryData<int, int, int, int, bool> Cases
    {
        get
        {
            TheoryData<int, int, int, int, bool> cases = [];
            foreach (int batch in (int[])[1, 2, 8])
            {
                foreach ((int inputs, int outputs) in ((int, int)[])[(3, 48), (12, 48), (48, 12), (48, 3), (20, 40), (8, 24), (48, 64)])
                {
                    cases.Add(batch, inputs, outputs, 1, false);
                    cases.Add(batch, inputs, outputs, 1, true);
                    cases.Add(batch, inputs, outputs, 2, false);
                    cases.Add(batch, inputs, outputs, 2, true);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Apply_AnyChannels_AgreesWithDoublePrecisionInValueAndGradients(
        int batch, int inputs, int outputs, int stride, bool circular)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor weight = TestNetworks.Noise(1, outputs, inputs, 3, 3) / Math.Sqrt(9 * inputs);
        Tensor bias = TestNetworks.Noise(2, outputs);
        Tensor x = TestNetworks.Noise(3, batch, inputs, 16, 16);
        Tensor towards = TestNetworks.Noise(4, batch, outputs, 16 / stride, 16 / stride);

        Tensor[] expected = Run(float64);
        Tensor[] actual = Run(float32);
        string[] names = ["output", "input gradient", "weight gradient", "bias gradient"];
        for (int i = 0; i < names.Length; i++)
        {
            double error = (actual[i].to(float64) - expected[i]).norm().item<double>() / expected[i].norm().item<double>();
            Assert.True(error < Tolerance, $"{names[i]}: {error:E1}");
        }

        Tensor[] Run(ScalarType type)
        {
            using nn.Module root = new Root();
            Layers layers = new(root, new PaddingSwitch { Circular = circular });
            PaddedConv conv = layers.Conv("conv", inputs, outputs, stride: stride);
            using (no_grad())
            {
                conv.Layer.weight.copy_(weight);
                conv.Layer.bias!.copy_(bias);
            }

            root.to(type);
            Tensor input = x.to(type).detach().clone().requires_grad_(true);
            Tensor output = conv.Apply(input);
            (output * towards.to(type)).sum().backward();
            return [output.detach().clone(), input.grad!.clone(), conv.Layer.weight.grad!.clone(), conv.Layer.bias!.grad!.clone()];
        }
    }

    [Theory]
    [InlineData(16, 72)]
    [InlineData(72, 72)]
    [InlineData(88, 72)]
    [InlineData(20, 40)]
    [InlineData(20, 48)]
    [InlineData(72, 64)]
    [InlineData(112, 48)]
    public void Apply_PixelwiseOnChannelsLast_AgreesWithDoublePrecision(int inputs, int outputs)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = inference_mode();
        Tensor weight = TestNetworks.Noise(1, outputs, inputs, 1, 1) / Math.Sqrt(inputs);
        foreach (int batch in (int[])[1, 2, 3])
        {
            foreach (int edge in (int[])[8, 16, 32])
            {
                // What a 3x3 convolution with channels-last weights leaves.
                Tensor x = TestNetworks.Noise(3, batch, edge, edge, inputs).permute(0, 3, 1, 2);
                Tensor expected = Run(x.to(float64));
                double error = (Run(x).to(float64) - expected).norm().item<double>() / expected.norm().item<double>();
                Assert.True(error < Tolerance, $"{batch}x{edge}: {error:E1}");
            }
        }

        Tensor Run(Tensor x)
        {
            using nn.Module root = new Root();
            PaddedConv conv = new Layers(root, new PaddingSwitch()).Conv("conv", inputs, outputs, kernel: 1);
            conv.Layer.weight.copy_(weight);
            conv.Layer.bias!.zero_();
            root.to(x.dtype);
            return conv.Apply(x);
        }
    }

    private sealed class Root() : nn.Module(nameof(Root));
}
