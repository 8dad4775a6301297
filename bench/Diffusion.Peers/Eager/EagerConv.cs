using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Peers.Eager;

/// <summary>The convolution of a down- or upsampler.</summary>
internal sealed class EagerConv : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d conv;

    public EagerConv(int channels, int stride, PaddingModes padding)
        : base(nameof(EagerConv))
    {
        conv = nn.Conv2d(channels, channels, 3, stride: stride, padding: 1, padding_mode: padding);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => conv.call(x);
}
