using Diffusion.Torch.UNet;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Peers;

/// <summary>A network in TorchSharp, called once for the whole evaluation.</summary>
/// <param name="name">Its name in the table.</param>
/// <param name="network">Borrowed.</param>
/// <param name="input">What it computes.</param>
internal sealed class WholePeer(string name, nn.Module<Tensor, Tensor, Tensor?, Tensor> network, PeerInput input) : IPeer
{
    private readonly Tensor _sample = tensor(input.Sample).reshape([.. input.Shape.Select(size => (long)size)]);
    private readonly Tensor _timestep = tensor(input.Timesteps);
    private readonly Tensor _label = tensor(input.Labels);
    private readonly float[] _output = new float[input.Sample.Length];

    public string Name => name;

    public void Run()
    {
        using IDisposable inference = inference_mode();
        using DisposeScope scope = NewDisposeScope();
        if (network is UNet2DModel ours)
        {
            ours.Seamless = input.IsSeamless;
        }

        network.call(_sample, _timestep, _label).contiguous().data<float>().CopyTo(_output);
    }

    public float[] ReadOutput() => _output;

    public void Dispose()
    {
        _sample.Dispose();
        _timestep.Dispose();
        _label.Dispose();
    }
}
