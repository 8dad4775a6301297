using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Torch.UNet;

/// <summary>Self-attention of every pixel to every pixel, with its residual. [Vaswani17, Eq. 1]</summary>
internal sealed partial class AttentionSlice : UNetSlice
{
    private readonly GroupNorm? _norm;
    private readonly Linear _query;
    private readonly Linear _key;
    private readonly Linear _value;
    private readonly Linear _output;
    private readonly int _channels;
    private readonly int _heads;
    private readonly int _headWidth;

    /// <param name="layers">Where the layers are made.</param>
    /// <param name="path">The module path.</param>
    /// <param name="channels">Channels in and out.</param>
    /// <param name="headWidth">Channels per head; 0 means one head.</param>
    /// <param name="groups">Normalisation groups, or 0 for none.</param>
    /// <param name="epsilon">Epsilon of the normalisation.</param>
    public AttentionSlice(Layers layers, string path, int channels, int headWidth, int groups, double epsilon)
        : base(path)
    {
        _headWidth = headWidth == 0 ? channels : headWidth;
        _heads = channels / _headWidth;
        if (_heads < 1)
        {
            throw new ArgumentException($"{path} has {channels} channels, too few for attention_head_dim {headWidth}.");
        }

        _channels = channels;
        int inner = _heads * _headWidth;
        _norm = groups == 0 ? null : layers.Norm($"{path}.group_norm", groups, channels, epsilon);
        _query = layers.Linear($"{path}.to_q", channels, inner);
        _key = layers.Linear($"{path}.to_k", channels, inner);
        _value = layers.Linear($"{path}.to_v", channels, inner);
        _output = layers.Linear($"{path}.to_out.0", inner, channels);
    }

    /// <summary>Divides the sum of attention and residual.</summary>
    public double OutputScale { get; init; } = 1;

    protected override Tensor Compute(UNetState state, DisposeScope scope)
    {
        Tensor x = state.Hidden;
        long batch = x.shape[0];
        long tokens = x.shape[2] * x.shape[3];
        Tensor normed = _norm is null ? x : _norm.call(x);
        Tensor rows = normed.view(batch, _channels, tokens).transpose(1, 2);
        Tensor attended = nn.functional.scaled_dot_product_attention(
            Split(_query.call(rows)), Split(_key.call(rows)), Split(_value.call(rows)));
        Tensor merged = attended.transpose(1, 2).reshape(batch, tokens, (long)_heads * _headWidth);
        Tensor sum = x + _output.call(merged).transpose(1, 2).reshape(x.shape);
        return OutputScale == 1 ? sum : sum / OutputScale;

        Tensor Split(Tensor t) => t.view(batch, tokens, _heads, _headWidth).transpose(1, 2);
    }

    protected override void Count(SliceCost cost)
    {
        double rows = (double)cost.Batch * cost.Height * cost.Width;
        int inner = _heads * _headWidth;
        cost.Elementwise(_channels, flopsPerElement: 8);
        cost.Multiply(_channels, 3 * inner, rows);
        cost.Attend(inner);
        cost.Multiply(inner, _channels, rows);
        cost.Elementwise(_channels, flopsPerElement: 1);
    }
}
