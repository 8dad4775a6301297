using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Schedules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Likelihood;

/// <summary>Makes a <see cref="TensorDenoiser"/> of a network.</summary>
/// <remarks>Borrows the network. One thread, that of the network. [Karras22, Eq. 7]</remarks>
/// <example><code>
/// TensorDenoiser denoiser = new NetworkDenoiser(network, ModelFolder.Open(path).Description).Denoise;
/// </code></example>
public sealed class NetworkDenoiser
{
    private readonly nn.Module<Tensor, Tensor, Tensor?, Tensor> _network;
    private readonly ModelDescription _model;

    /// <summary>Wraps a network.</summary>
    /// <param name="network">(x [N, C, H, W], timestep [N], label [N] or null) to [N, C or 2C, H, W], in evaluation
    /// mode.</param>
    /// <param name="model">What it predicts and the schedule that it was trained on.</param>
    public NetworkDenoiser(nn.Module<Tensor, Tensor, Tensor?, Tensor> network, ModelDescription model)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(model);
        _network = network;
        _model = model;
    }

    /// <summary>The denoiser itself.</summary>
    public (Tensor Clean, Tensor? Variance) Denoise(Tensor x, NoiseLevel level, Tensor? label)
    {
        ArgumentNullException.ThrowIfNull(x);
        Preconditioning scalars = Preconditioning.Across(_model.Prediction, level, _model.Schedule, _model.SigmaData);
        using Tensor input = x * scalars.CIn;
        using Tensor times = full([x.shape[0]], (float)scalars.CNoise, device: x.device);
        Tensor output = _network.call(input, times, label);
        Tensor? variance = null;
        if (_model.PredictsVariance)
        {
            Tensor[] halves = output.chunk(2, 1);
            (output, variance) = (halves[0], halves[1]);
        }

        // [Karras22, Eq. 7] D = cSkip·x + cOut·F
        return ((scalars.CSkip * x) + (scalars.COut * output), variance);
    }
}
