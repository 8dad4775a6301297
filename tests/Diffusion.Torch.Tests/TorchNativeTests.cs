using TorchSharp;

namespace Diffusion.Torch.Tests;

public sealed class TorchNativeTests
{
    [Fact]
    public void Load_AfterBuild_RunsATensorOperation()
    {
        TorchNative.Load();
        using torch.Tensor ones = torch.ones(3);
        using torch.Tensor sum = ones.sum();
        Assert.Equal(3f, sum.item<float>());
    }
}
