using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Torch.UNet;

/// <summary>Two linear layers with SiLU between: [N, inputs] to [N, outputs].</summary>
internal sealed class TimestepEmbedding(Layers layers, string path, int inputs, int outputs)
{
    private readonly Linear _first = layers.Linear($"{path}.linear_1", inputs, outputs);
    private readonly Linear _second = layers.Linear($"{path}.linear_2", outputs, outputs);

    public Tensor Apply(Tensor features) => _second.call(nn.functional.silu(_first.call(features)));

    public void Count(SliceCost cost)
    {
        cost.Multiply(inputs, outputs, cost.Batch);
        cost.Multiply(outputs, outputs, cost.Batch);
    }
}
