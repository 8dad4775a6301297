using Diffusion.Runtime.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Torch.UNet;

/// <summary>
/// diffusers' <c>ResnetBlock2D</c>; in the decoder it first appends the newest skip to the activations.
/// </summary>
internal sealed class ResnetSlice : UNetSlice
{
    private readonly Func<Tensor, Tensor> _activation;
    private readonly GroupNorm _norm1;
    private readonly GroupNorm _norm2;
    private readonly PaddedConv _conv1;
    private readonly PaddedConv _conv2;
    private readonly PaddedConv? _shortcut;
    private readonly Linear _embedding;
    private readonly Dropout? _dropout;
    private readonly bool _scaleShift;

    public ResnetSlice(UNetConfig config, Layers layers, string path, int inputs, int outputs, int embeddingWidth)
        : base(path)
    {
        _scaleShift = config.ResnetTimeScaleShift switch
        {
            "default" => false,
            "scale_shift" => true,
            _ => throw new ArgumentException(
                $"resnet_time_scale_shift '{config.ResnetTimeScaleShift}' is unknown: it is default or scale_shift."),
        };
        _activation = Activation.Named(config.ActFn);
        _norm1 = layers.Norm($"{path}.norm1", config.NormNumGroups, inputs, config.NormEps);
        _conv1 = layers.Conv($"{path}.conv1", inputs, outputs);
        _embedding = layers.Linear($"{path}.time_emb_proj", embeddingWidth, _scaleShift ? 2 * outputs : outputs);
        _norm2 = layers.Norm($"{path}.norm2", config.NormNumGroups, outputs, config.NormEps);
        _dropout = config.Dropout > 0 ? layers.Dropout($"{path}.dropout", config.Dropout) : null;
        _conv2 = layers.Conv($"{path}.conv2", outputs, outputs).Zeroed();
        _shortcut = inputs == outputs ? null : layers.Conv($"{path}.conv_shortcut", inputs, outputs, kernel: 1);
    }

    /// <summary>Whether the block reads a skip.</summary>
    public bool TakesSkip { get; init; }

    /// <summary>Divides the sum of block and residual.</summary>
    public double OutputScale { get; init; } = 1;

    /// <summary>
    /// Whether the block halves (-1), keeps (0) or doubles (1) the canvas before its first convolution.
    /// </summary>
    public int Resample { get; init; }

    protected override Tensor Compute(UNetState state, DisposeScope scope)
    {
        Join(state, scope);
        Tensor h = _conv1.Apply(Enter(state, _norm1.call(state.Hidden)));
        return Leave(state, _conv2.Apply(Activate(Embed(state, h))));
    }

    protected override void Count(SliceCost cost)
    {
        CountJoin(cost);
        CountNorm(cost);
        CountEnter(cost);
        _conv1.Count(cost);
        CountEmbed(cost);
        CountActivate(cost);
        _conv2.Count(cost);
        CountLeave(cost);
    }

    protected override void Cut(SlicePlan plan)
    {
        plan.Add(CountJoin, Join);
        plan.Add(CountNorm, (state, _) => state.Hold(_norm1.call(state.Hidden)));
        plan.Add(CountEnter, (state, scope) => state.Hold(Enter(state, state.TakeHeld(scope))));
        plan.AddConvolution(_conv1);
        plan.Add(CountEmbed, (state, scope) => state.Hold(Embed(state, state.EndConvolution(scope))));
        plan.Add(CountActivate, (state, scope) => state.Hold(Activate(state.TakeHeld(scope))));
        plan.AddConvolution(_conv2);
        plan.Add(CountLeave, (state, scope) => state.Advance(Leave(state, state.EndConvolution(scope))));
    }

    /// <summary>Makes the activations what the residual carries on.</summary>
    private void Join(UNetState state, DisposeScope scope)
    {
        if (TakesSkip)
        {
            state.Advance(cat([state.Hidden, state.PopSkip(scope)], 1));
        }
    }

    /// <summary>What the first convolution reads, of the activations as they were normalised.</summary>
    private Tensor Enter(UNetState state, Tensor normed)
    {
        Tensor h = _activation(normed);
        if (Resample != 0)
        {
            state.Advance(Resized(state.Hidden));
            h = Resized(h);
        }

        return h;
    }

    private Tensor Embed(UNetState state, Tensor h)
    {
        Tensor embedding = _embedding.call(_activation(state.Embedding)).unsqueeze(-1).unsqueeze(-1);
        if (_scaleShift)
        {
            // [Dhariwal21, Sec. 3] AdaGN(h, y) = y_s·GroupNorm(h) + y_b, with y_s stored as its distance from 1
            Tensor[] scaleAndShift = embedding.chunk(2, 1);
            return (_norm2.call(h) * (1 + scaleAndShift[0])) + scaleAndShift[1];
        }

        return _norm2.call(h + embedding);
    }

    private Tensor Activate(Tensor normed)
    {
        Tensor h = _activation(normed);
        return _dropout is null ? h : _dropout.call(h);
    }

    private Tensor Leave(UNetState state, Tensor h)
    {
        Tensor x = state.Hidden;
        Tensor sum = (_shortcut is null ? x : _shortcut.Apply(x)) + h;
        return OutputScale == 1 ? sum : sum / OutputScale;
    }

    private void CountJoin(SliceCost cost)
    {
        if (TakesSkip)
        {
            cost.PopSkip();
            cost.Elementwise(cost.Channels, flopsPerElement: 0);
        }
    }

    private static void CountNorm(SliceCost cost) => cost.Normalise(cost.Channels);

    private void CountEnter(SliceCost cost)
    {
        cost.Elementwise(cost.Channels, flopsPerElement: 4);
        if (Resample != 0)
        {
            cost.Resample(Resample > 0);
        }
    }

    private void CountEmbed(SliceCost cost)
    {
        cost.Multiply((int)_embedding.in_features, (int)_embedding.out_features, cost.Batch);
        cost.Elementwise(_conv1.Outputs, flopsPerElement: 1);
        cost.Normalise(_conv1.Outputs);
    }

    private void CountActivate(SliceCost cost) => cost.Elementwise(_conv1.Outputs, flopsPerElement: 4);

    private void CountLeave(SliceCost cost)
    {
        _shortcut?.Count(cost);
        cost.Elementwise(_conv2.Outputs, flopsPerElement: 1);
    }

    private Tensor Resized(Tensor x) => Resample > 0
        ? nn.functional.interpolate(x, scale_factor: [2, 2], mode: InterpolationMode.Nearest)
        : nn.functional.avg_pool2d(x, 2, 2);
}
