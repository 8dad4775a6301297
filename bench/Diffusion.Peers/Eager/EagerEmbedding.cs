using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Peers.Eager;

/// <summary>Sines and cosines of the time, and two linear layers.</summary>
internal sealed class EagerEmbedding : nn.Module<Tensor, Tensor>
{
    private readonly int _width;
    private readonly Linear linear_1;
    private readonly Linear linear_2;

    public EagerEmbedding(int width, int outputs)
        : base(nameof(EagerEmbedding))
    {
        _width = width;
        linear_1 = nn.Linear(width, outputs);
        linear_2 = nn.Linear(outputs, outputs);
        RegisterComponents();
    }

    public override Tensor forward(Tensor time)
    {
        int half = _width / 2;
        Tensor frequencies = exp(arange(half, dtype: ScalarType.Float32) * (-Math.Log(10000) / half));
        Tensor angles = time.unsqueeze(1) * frequencies.unsqueeze(0);
        return linear_2.call(nn.functional.silu(linear_1.call(cat([cos(angles), sin(angles)], 1))));
    }
}
