using Diffusion.Runtime.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Peers.Eager;

/// <summary>A level of the network: residual blocks, and what stands between them and the next level.</summary>
internal sealed class EagerBlock : nn.Module
{
    private readonly UNetConfig _config;
    private readonly PaddingModes _padding;
    private readonly ModuleList<EagerResnet> resnets = [];
    private readonly ModuleList<EagerAttention> attentions = [];
    private readonly ModuleList<EagerConv> downsamplers = [];
    private readonly ModuleList<EagerConv> upsamplers = [];

    public EagerBlock(UNetConfig config, PaddingModes padding)
        : base(nameof(EagerBlock))
    {
        _config = config;
        _padding = padding;
    }

    /// <summary>Ends construction: lists register what they hold by then.</summary>
    public EagerBlock Complete()
    {
        RegisterComponents();
        return this;
    }

    public void AddResnet(int inputs, int outputs, int embedding) =>
        resnets.Add(new EagerResnet(_config, _padding, inputs, outputs, embedding));

    public void AddAttention(int channels) => attentions.Add(new EagerAttention(_config, channels));

    public void AddDownsampler(int channels) => downsamplers.Add(new EagerConv(channels, stride: 2, _padding));

    public void AddUpsampler(int channels) => upsamplers.Add(new EagerConv(channels, stride: 1, _padding));

    public Tensor Down(Tensor x, Tensor embedding, Stack<Tensor> skips)
    {
        foreach (EagerResnet resnet in resnets)
        {
            skips.Push(x = resnet.call(x, embedding));
        }

        foreach (EagerConv downsampler in downsamplers)
        {
            skips.Push(x = downsampler.call(x));
        }

        return x;
    }

    public Tensor Middle(Tensor x, Tensor embedding)
    {
        x = resnets[0].call(x, embedding);
        x = attentions[0].call(x);
        return resnets[1].call(x, embedding);
    }

    public Tensor Up(Tensor x, Tensor embedding, Stack<Tensor> skips)
    {
        foreach (EagerResnet resnet in resnets)
        {
            x = resnet.call(cat([x, skips.Pop()], 1), embedding);
        }

        foreach (EagerConv upsampler in upsamplers)
        {
            x = upsampler.call(nn.functional.interpolate(x, scale_factor: [2, 2], mode: InterpolationMode.Nearest));
        }

        return x;
    }
}
