using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Likelihood;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Training.Objectives;

/// <summary>
/// The variational bound in continuous time, whose schedule γ is learned with the network. [Kingma21, Sec. 5]
/// </summary>
/// <remarks>
/// Between its ends γ does not change the bound, only its variance, so that the ends follow the gradient of the loss
/// and the shape that of the squared loss [Kingma21, Sec. 5.3]. The decoder is a discretised Gaussian around x_0's
/// noisy version, where the paper normalises over the 256 values: both are likelihoods, this one needs no such axis. In
/// bits per dimension.
/// </remarks>
internal sealed class VdmObjective : Objective
{
    private readonly nn.Module<Tensor, Tensor, Tensor?, Tensor> _network;
    private readonly PredictionType _prediction;
    private readonly GammaCurve _gamma;

    public VdmObjective(
        nn.Module<Tensor, Tensor, Tensor?, Tensor> network,
        NoiseSchedule schedule,
        TrainingOptions options,
        Device device)
    {
        _network = network;
        _prediction = options.Prediction;
        _gamma = new GammaCurve(
            -schedule.At(schedule.MinTime).LogSnr, -schedule.At(schedule.MaxTime).LogSnr, device);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, Parameter Value)> Parameters => _gamma.Parameters;

    /// <inheritdoc/>
    public override NoiseSchedule Schedule
    {
        get
        {
            using var scope = NewDisposeScope();
            var (start, end) = _gamma.Ends;
            return new LogSnrSchedule(start.item<float>(), end.item<float>());
        }
    }

    /// <inheritdoc/>
    public override ObjectiveLosses Losses(ObjectiveBatch batch)
    {
        var times = tensor(Array.ConvertAll(batch.Draws, draw => (float)draw.Unit)).to(batch.Device);
        var (gamma, slope) = _gamma.At(times, learnsEnds: false, learnsShape: false);

        // Leaves, whose gradients FinishGradients carries on to the curve's parameters.
        gamma = gamma.detach().requires_grad_();
        slope = slope.detach().requires_grad_();
        var diffusion = DiffusionLoss(batch, gamma.view(-1, 1, 1, 1), slope.view(-1, 1, 1, 1));
        var losses = (diffusion + PriorAndDecoder(batch)) / Math.Log(2);
        return new ObjectiveLosses(losses, perPicture => FinishGradients(times, gamma, slope, perPicture));
    }

    // [Kingma21, Sec. 5] ½·γ'(t)·(ε - ε̂)²
    private Tensor DiffusionLoss(ObjectiveBatch batch, Tensor gamma, Tensor slope)
    {
        // [Kingma21, Eq. 3] σ² = sigmoid(γ), α² = sigmoid(-γ)
        var sigma = gamma.sigmoid().sqrt();
        var alpha = (-gamma).sigmoid().sqrt();
        var epsilon = batch.DrawNoise();
        var x = (alpha * batch.Clean) + (sigma * epsilon);
        var raw = _network.call(x, gamma.flatten(), batch.Labels);
        var output = NetworkOutput.Of(raw, ReverseVariance.Fixed, batch.Clean.shape[1]).Mean;

        // What makes the output's error that of ε.
        var difference = _prediction switch
        {
            PredictionType.Epsilon => epsilon - output,
            PredictionType.Sample => alpha / sigma * (batch.Clean - output),
            PredictionType.VPrediction => alpha * ((alpha * epsilon) - (sigma * batch.Clean) - output),
            PredictionType.Score => epsilon + (sigma * output),
            _ => throw new InvalidOperationException(
                $"The prediction '{_prediction}' does not go with this objective."),
        };
        return 0.5 * slope * difference * difference;
    }

    // [Kingma21, Sec. 3.4] D_KL(q(z_1 | x), N(0, 1)) and E[-ln p(x | z_0)]
    private Tensor PriorAndDecoder(ObjectiveBatch batch)
    {
        var (start, end) = _gamma.Ends;
        var zero = zeros_like(batch.Clean);
        var prior = Gaussians.KullbackLeibler(
            (-end).sigmoid().sqrt() * batch.Clean, nn.functional.logsigmoid(end), zero, zero);

        // z_0/α_0 is x plus noise of variance SNR(0)⁻¹ = e^γ(0).
        var around = batch.Clean + ((0.5 * start).exp() * batch.DrawNoise());
        return prior + Gaussians.DecoderLoss(batch.Clean, around, start);
    }

    // [Kingma21, Sec. 5.3] the ends learn from L, the shape from L², whose gradient is 2·L times that of L.
    private void FinishGradients(Tensor times, Tensor gamma, Tensor slope, Tensor perPicture)
    {
        using var scope = NewDisposeScope();
        if (gamma.grad is not { } ofGamma || slope.grad is not { } ofSlope)
        {
            return;
        }

        var (gammaOfEnds, slopeOfEnds) = _gamma.At(times, learnsEnds: true, learnsShape: false);
        var (gammaOfShape, slopeOfShape) = _gamma.At(times, learnsEnds: false, learnsShape: true);
        var twice = 2 * perPicture.detach();
        var carried = (ofGamma * gammaOfEnds) + (ofSlope * slopeOfEnds)
            + (twice * ((ofGamma * gammaOfShape) + (ofSlope * slopeOfShape)));
        carried.sum().backward();
    }
}
