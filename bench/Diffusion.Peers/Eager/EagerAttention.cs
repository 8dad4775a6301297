using Diffusion.Runtime.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Peers.Eager;

/// <summary>Self-attention with its residual.</summary>
internal sealed class EagerAttention : nn.Module<Tensor, Tensor>
{
    private readonly int _headWidth;
    private readonly GroupNorm group_norm;
    private readonly Linear to_q;
    private readonly Linear to_k;
    private readonly Linear to_v;
    private readonly ModuleList<Linear> to_out;

    public EagerAttention(UNetConfig config, int channels)
        : base(nameof(EagerAttention))
    {
        _headWidth = config.AttentionHeadDim;
        group_norm = nn.GroupNorm(config.AttnNormNumGroups, channels, config.NormEps);
        to_q = nn.Linear(channels, channels);
        to_k = nn.Linear(channels, channels);
        to_v = nn.Linear(channels, channels);
        to_out = [nn.Linear(channels, channels)];
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        (long batch, long channels) = (x.shape[0], x.shape[1]);
        Tensor rows = group_norm.call(x).view(batch, channels, -1).transpose(1, 2);
        Tensor attended = nn.functional.scaled_dot_product_attention(
            Heads(to_q.call(rows)), Heads(to_k.call(rows)), Heads(to_v.call(rows)));
        Tensor merged = to_out[0].call(attended.transpose(1, 2).reshape(batch, -1, channels));
        return x + merged.transpose(1, 2).reshape(x.shape);

        Tensor Heads(Tensor t) => t.view(batch, -1, channels / _headWidth, _headWidth).transpose(1, 2);
    }
}
