using Diffusion.Runtime.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Peers.Eager;

/// <summary>A residual block with scale and shift.</summary>
internal sealed class EagerResnet : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly GroupNorm norm1;
    private readonly Conv2d conv1;
    private readonly Linear time_emb_proj;
    private readonly GroupNorm norm2;
    private readonly Conv2d conv2;
    private readonly Conv2d? conv_shortcut;

    public EagerResnet(UNetConfig config, PaddingModes padding, int inputs, int outputs, int embedding)
        : base(nameof(EagerResnet))
    {
        norm1 = nn.GroupNorm(config.NormNumGroups, inputs, config.NormEps);
        conv1 = nn.Conv2d(inputs, outputs, 3, padding: 1, padding_mode: padding);
        time_emb_proj = nn.Linear(embedding, 2 * outputs);
        norm2 = nn.GroupNorm(config.NormNumGroups, outputs, config.NormEps);
        conv2 = nn.Conv2d(outputs, outputs, 3, padding: 1, padding_mode: padding);
        conv_shortcut = inputs == outputs ? null : nn.Conv2d(inputs, outputs, 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x, Tensor embedding)
    {
        Tensor h = conv1.call(nn.functional.silu(norm1.call(x)));
        Tensor[] scaleAndShift = time_emb_proj.call(nn.functional.silu(embedding)).unsqueeze(-1).unsqueeze(-1).chunk(2, 1);
        h = (norm2.call(h) * (1 + scaleAndShift[0])) + scaleAndShift[1];
        h = conv2.call(nn.functional.silu(h));
        return (conv_shortcut is null ? x : conv_shortcut.call(x)) + h;
    }
}
