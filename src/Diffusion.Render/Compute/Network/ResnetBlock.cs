using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Compute.Weights;
using Diffusion.Runtime.Models;

namespace Diffusion.Render.Compute.Network;

/// <summary>
/// diffusers' <c>ResnetBlock2D</c>; in the decoder it reads the newest skip beside the activations.
/// </summary>
internal sealed class ResnetBlock : Block
{
    private readonly UNetConfig _config;
    private readonly Activation _activation;
    private readonly WeightPair _norm1;
    private readonly WeightPair _norm2;
    private readonly WeightPair _conv1;
    private readonly WeightPair _conv2;
    private readonly WeightPair _embedding;
    private readonly WeightPair? _shortcut;
    private readonly bool _scaleShift;

    public ResnetBlock(UNetConfig config, WeightLayout weights, string path, int inputs, int outputs, int embedding)
        : base(path)
    {
        _config = config;
        _activation = UNetStructure.ActivationNamed(config.ActFn);
        _scaleShift = config.ResnetTimeScaleShift switch
        {
            "default" => false,
            "scale_shift" => true,
            _ => throw new ArgumentException(
                $"resnet_time_scale_shift '{config.ResnetTimeScaleShift}' is unknown: it is default or scale_shift."),
        };
        _norm1 = UNetStructure.Norm(weights, $"{path}.norm1", config.NormNumGroups, inputs);
        _conv1 = weights.Convolution($"{path}.conv1", inputs, outputs, 3);
        _embedding = weights.Linear($"{path}.time_emb_proj", embedding, _scaleShift ? 2 * outputs : outputs);
        _norm2 = UNetStructure.Norm(weights, $"{path}.norm2", config.NormNumGroups, outputs);
        _conv2 = weights.Convolution($"{path}.conv2", outputs, outputs, 3);
        _shortcut = inputs == outputs ? null : weights.Convolution($"{path}.conv_shortcut", inputs, outputs, 1);
    }

    /// <summary>Whether the block reads a skip.</summary>
    public bool TakesSkip { get; init; }

    /// <summary>Divides the sum of block and residual.</summary>
    public double OutputScale { get; init; } = 1;

    /// <summary>
    /// Whether the block halves (-1), keeps (0) or doubles (1) the canvas before its first convolution.
    /// </summary>
    public int Resample { get; init; }

    protected override Activations Compute(PlanWriter plan)
    {
        Activations x = plan.Hidden;
        Activations? skip = TakesSkip ? plan.PopSkip() : null;
        PlannedTensor embedding = plan.Multiply(
            $"{Name}.time_emb_proj", _embedding, plan.Embedding, before: _activation);
        Activations h = FirstHalf(plan, x, skip, _scaleShift ? null : embedding);
        PlannedTensor norm = plan.Normalize(
            $"{Name}.norm2", _norm2, _config.NormNumGroups, _config.NormEps, h,
            scaleShift: _scaleShift ? embedding : null);
        BufferRange residual = Residual(plan, x, skip, out bool upsamples);
        return plan.Convolve(new ConvolutionCall
        {
            Name = Name,
            Weights = _conv2,
            Kernel = 3,
            Input = h,
            Norm = norm,
            Activation = _activation,
            Residual = residual,
            UpsamplesResidual = upsamples,
            OutputScale = OutputScale,
        });
    }

    private Activations FirstHalf(PlanWriter plan, in Activations x, Activations? skip, PlannedTensor? embedding)
    {
        PlannedTensor norm = plan.Normalize(
            $"{Name}.norm1", _norm1, _config.NormNumGroups, _config.NormEps, x, skip);
        ConvolutionCall call = new()
        {
            Name = $"{Name}.conv1",
            Weights = _conv1,
            Kernel = 3,
            Input = x,
            Skip = skip,
            Norm = norm,
            Activation = _activation,
            Upsamples = Resample > 0,
            Embedding = embedding,
        };
        if (Resample < 0)
        {
            // A mean of activated values is no activated mean, so it cannot wait for the convolution to read it.
            Activations pooled = plan.Pool($"{Name}.pooled", x, 2, skip, norm, _activation);
            call = call with { Input = pooled, Skip = null, Norm = null, Activation = Activation.None };
        }

        return plan.Convolve(call);
    }

    private BufferRange Residual(PlanWriter plan, Activations x, Activations? skip, out bool upsamples)
    {
        upsamples = false;
        if (Resample < 0)
        {
            (x, skip) = (plan.Pool($"{Name}.residual", x, 2, skip), null);
        }

        if (_shortcut is { } shortcut)
        {
            return plan.Convolve(new ConvolutionCall
            {
                Name = $"{Name}.conv_shortcut",
                Weights = shortcut,
                Kernel = 1,
                Input = x,
                Skip = skip,
                Upsamples = Resample > 0,
            }).Range;
        }

        upsamples = Resample > 0;
        return skip is null ? x.Range : plan.Pool($"{Name}.residual", x, 1, skip).Range;
    }
}
