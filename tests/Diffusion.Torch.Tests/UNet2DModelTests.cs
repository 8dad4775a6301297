using Diffusion.Torch.UNet;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests;

public sealed class UNet2DModelTests
{
    /// <summary>Float32 rounding through some 30 layers and back; a wrong kernel is above 0.05.</summary>
    private const double GradientTolerance = 1e-3;

    [Fact]
    public void Constructor_FreshNetwork_HasFiniteParametersAndUnitNorms()
    {
        using UNet2DModel network = new(TestNetworks.Textures);
        Assert.Contains("down_blocks.0.resnets.0.norm1.weight", network.state_dict().Keys);
        foreach ((string name, Tensor parameter) in network.state_dict())
        {
            Assert.True(parameter.isfinite().all().item<bool>(), name);
            if (name.Contains("norm", StringComparison.Ordinal))
            {
                float expected = name.EndsWith("weight", StringComparison.Ordinal) ? 1 : 0;
                Assert.True(parameter.eq(expected).all().item<bool>(), name);
            }
        }
    }

    [Fact]
    public void Backward_EveryParameter_ReceivesAGradient()
    {
        using IDisposable scope = NewDisposeScope();
        using UNet2DModel network = TestNetworks.Create(TestNetworks.Textures);
        network.train();
        Tensor output = network.call(
            TestNetworks.Noise(2, 2, 3, 16, 16), tensor([3f, 700f]), tensor([0L, 4L]));
        output.square().mean().backward();
        Assert.Equal([2, 3, 16, 16], output.shape);
        foreach ((string name, TorchSharp.Modules.Parameter parameter) in network.named_parameters())
        {
            Assert.True(parameter.grad is not null && parameter.grad.abs().sum().item<float>() > 0, name);
        }
    }

    /// <summary>
    /// Gradients of a whole network in float32 and in float64, which goes through other kernels: a wrong kernel that
    /// only backward uses would else show in nothing but poor samples.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Backward_Batch_AgreesWithDoublePrecision(bool seamless)
    {
        using IDisposable scope = NewDisposeScope();
        using UNet2DModel single = TestNetworks.Create(TestNetworks.Textures);
        using UNet2DModel exact = TestNetworks.Create(TestNetworks.Textures);
        exact.to(float64);
        (single.Seamless, exact.Seamless) = (seamless, seamless);
        Run(single, float32);
        Run(exact, float64);
        foreach (((string name, TorchSharp.Modules.Parameter rounded), (_, TorchSharp.Modules.Parameter reference))
                 in single.named_parameters().Zip(exact.named_parameters()))
        {
            if (name.EndsWith("to_k.bias", StringComparison.Ordinal))
            {
                // It moves all scores of a row alike, which the softmax undoes: its gradient is 0.
                continue;
            }

            double scale = reference.grad!.norm().item<double>();
            double error = (rounded.grad!.to(float64) - reference.grad!).norm().item<double>() / scale;
            Assert.True(error < GradientTolerance, $"{name}: {error:E1}");
        }

        static void Run(UNet2DModel network, ScalarType type)
        {
            const int Batch = 4;
            Tensor x = TestNetworks.Noise(2, Batch, 3, 32, 32).to(type);
            Tensor towards = TestNetworks.Noise(3, Batch, 3, 32, 32).to(type);
            Tensor output = network.call(x, tensor([3f, 100f, 400f, 900f]).to(type), tensor([0L, 1L, 3L, 4L]));
            (output * towards).mean().backward();
        }
    }
}
