using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Compute.Weights;
using Diffusion.Runtime.Models;

namespace Diffusion.Render.Compute.Network;

/// <summary><c>conv_in</c>, with what goes before it: the patch, and the embedding of time and class.</summary>
internal sealed class StemBlock : Block
{
    private readonly UNetConfig _config;
    private readonly WeightPair _time1;
    private readonly WeightPair _time2;
    private readonly WeightPair? _class1;
    private readonly WeightPair? _class2;
    private readonly WeightPair _conv;

    public StemBlock(UNetConfig config, WeightLayout weights, TimeFeatures time, int embedding)
        : base("conv_in")
    {
        _config = config;
        _conv = weights.Convolution("conv_in", config.InChannels, config.BlockOutChannels[0], 3);
        _time1 = weights.Linear("time_embedding.linear_1", time.Width, embedding);
        _time2 = weights.Linear("time_embedding.linear_2", embedding, embedding);
        if (config.ClassEmbedType == "timestep")
        {
            _class1 = weights.Linear("class_embedding.linear_1", time.Width, embedding);
            _class2 = weights.Linear("class_embedding.linear_2", embedding, embedding);
        }
    }

    protected override Activations Compute(PlanWriter plan)
    {
        InputLayout input = plan.Input;
        Activations patched = plan.Patch("patched", input.Picture, _config.PatchSize, _config.CenterInputSample);

        // The inner activation of a TimestepEmbedding is SiLU, whatever act_fn says.
        PlannedTensor hidden = plan.Multiply("time.1", _time1, input.Time, after: Activation.Silu);
        plan.Embedding = plan.Multiply("time.2", _time2, hidden, addend: _class1 is null ? input.Class : null);
        if (_class1 is { } first && _class2 is { } second && input.Class is { } features)
        {
            PlannedTensor label = plan.Multiply("class.1", first, features, after: Activation.Silu);
            plan.Embedding = plan.Multiply("class.2", second, label, addend: plan.Embedding);
        }

        return plan.Convolve(new ConvolutionCall { Name = Name, Weights = _conv, Kernel = 3, Input = patched });
    }
}
