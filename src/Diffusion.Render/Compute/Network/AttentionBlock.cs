using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Compute.Weights;

namespace Diffusion.Render.Compute.Network;

/// <summary>Self-attention of every pixel to every pixel, with its residual. [Vaswani17, Eq. 1]</summary>
/// <remarks>The three projections are one matrix, so that the normalised activations are read once.</remarks>
internal sealed class AttentionBlock : Block
{
    private readonly WeightPair? _norm;
    private readonly WeightPair _projections;
    private readonly WeightPair _output;
    private readonly int _groups;
    private readonly double _epsilon;
    private readonly int _heads;
    private readonly int _headWidth;

    /// <param name="weights">Where weights are placed.</param>
    /// <param name="path">The module path.</param>
    /// <param name="channels">Channels in and out.</param>
    /// <param name="headWidth">Channels per head; 0 means one head.</param>
    /// <param name="groups">Normalisation groups, or 0 for none.</param>
    /// <param name="epsilon">Epsilon of the normalisation.</param>
    public AttentionBlock(WeightLayout weights, string path, int channels, int headWidth, int groups, double epsilon)
        : base(path)
    {
        _headWidth = headWidth == 0 ? channels : headWidth;
        _heads = channels / _headWidth;
        if (_heads < 1)
        {
            throw new ArgumentException($"{path} has {channels} channels, too few for attention_head_dim {headWidth}.");
        }

        int inner = _heads * _headWidth;
        _groups = groups;
        _epsilon = epsilon;
        _norm = groups == 0 ? null : UNetStructure.Norm(weights, $"{path}.group_norm", groups, channels);
        _projections = weights.Layer(path, [inner, channels], "to_q", "to_k", "to_v");
        _output = weights.Linear($"{path}.to_out.0", inner, channels);
    }

    /// <summary>Divides the sum of attention and residual.</summary>
    public double OutputScale { get; init; } = 1;

    protected override Activations Compute(PlanWriter plan)
    {
        Activations x = plan.Hidden;
        PlannedTensor? norm = _norm is { } weights
            ? plan.Normalize($"{Name}.group_norm", weights, _groups, _epsilon, x)
            : null;
        Activations stacked = plan.Convolve(new ConvolutionCall
        {
            Name = $"{Name}.to_qkv",
            Weights = _projections,
            Kernel = 1,
            Input = x,
            Norm = norm,
        });
        return plan.Convolve(new ConvolutionCall
        {
            Name = Name,
            Weights = _output,
            Kernel = 1,
            Input = plan.Attend($"{Name}.attended", stacked, _heads, _headWidth),
            Residual = x.Range,
            OutputScale = OutputScale,
        });
    }
}
