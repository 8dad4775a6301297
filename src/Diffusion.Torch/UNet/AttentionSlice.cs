using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Torch.UNet;

/// <summary>Self-attention of every pixel to every pixel, with its residual. [Vaswani17, Eq. 1]</summary>
internal sealed class AttentionSlice : UNetSlice
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
        (Tensor query, Tensor key, Tensor value) = Project(state.Hidden);
        return Attend(state.Hidden, query, key, value);
    }

    protected override void Cut(SlicePlan plan)
    {
        plan.Add(CountProjection, (state, _) =>
        {
            (Tensor query, Tensor key, Tensor value) = Project(state.Hidden);
            state.Hold(query);
            state.Hold(key);
            state.Hold(value);
        });
        plan.Add(CountAttention, (state, scope) =>
        {
            Tensor value = state.TakeHeld(scope);
            Tensor key = state.TakeHeld(scope);
            Tensor query = state.TakeHeld(scope);
            state.Advance(Attend(state.Hidden, query, key, value));
        });
    }

    private (Tensor Query, Tensor Key, Tensor Value) Project(Tensor x)
    {
        long batch = x.shape[0];
        long tokens = x.shape[2] * x.shape[3];
        Tensor normed = _norm is null ? x : _norm.call(x);
        Tensor rows = normed.view(batch, _channels, tokens).transpose(1, 2);
        return (Split(_query), Split(_key), Split(_value));

        Tensor Split(Linear layer) => layer.call(rows).view(batch, tokens, _heads, _headWidth).transpose(1, 2);
    }

    private Tensor Attend(Tensor x, Tensor query, Tensor key, Tensor value)
    {
        Tensor attended = nn.functional.scaled_dot_product_attention(query, key, value);
        long tokens = x.shape[2] * x.shape[3];
        Tensor merged = attended.transpose(1, 2).reshape(x.shape[0], tokens, (long)_heads * _headWidth);
        Tensor sum = x + _output.call(merged).transpose(1, 2).reshape(x.shape);
        return OutputScale == 1 ? sum : sum / OutputScale;
    }

    protected override void Count(SliceCost cost)
    {
        CountProjection(cost);
        CountAttention(cost);
    }

    private void CountProjection(SliceCost cost)
    {
        if (_norm is not null)
        {
            cost.Normalise(_channels);
        }

        cost.Multiply(_channels, 3 * _heads * _headWidth, (double)cost.Batch * cost.Height * cost.Width);
    }

    private void CountAttention(SliceCost cost)
    {
        int inner = _heads * _headWidth;
        cost.Attend(inner);
        cost.Multiply(inner, _channels, (double)cost.Batch * cost.Height * cost.Width);
        cost.Elementwise(_channels, flopsPerElement: 1);
    }
}
