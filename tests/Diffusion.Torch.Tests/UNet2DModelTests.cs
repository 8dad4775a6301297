using Diffusion.Torch.UNet;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests;

public sealed class UNet2DModelTests
{
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
}
