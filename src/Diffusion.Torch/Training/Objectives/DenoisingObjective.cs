using Diffusion.Runtime.Schedules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Training.Objectives;

/// <summary>
/// The weighted square error of the network's output: L_simple, score matching and EDM's loss, which differ by the
/// weight and by how levels are drawn. [Ho20, Eq. 14] [Song21SDE, Sec. 3.3] [Karras22, Eq. 8]
/// </summary>
internal sealed class DenoisingObjective(
    nn.Module<Tensor, Tensor, Tensor?, Tensor> network,
    NoiseSchedule schedule,
    LevelMap levels,
    TrainingOptions options) : Objective
{
    /// <inheritdoc/>
    public override NoiseSchedule Schedule => schedule;

    /// <inheritdoc/>
    public override ObjectiveLosses Losses(ObjectiveBatch batch)
    {
        var drawn = Array.ConvertAll(batch.Draws, draw => levels.At(draw.Unit));
        var noisy = new NoisyBatch(batch, drawn, options.Prediction);
        var raw = network.call(noisy.Input, noisy.Times, batch.Labels);
        var output = NetworkOutput.Of(raw, ReverseVariance.Fixed, batch.Clean.shape[1]);
        return new ObjectiveLosses(WeightedError(batch, drawn, noisy, output.Mean, options));
    }

    /// <summary>weight(t)·(target - output)², for each dimension.</summary>
    public static Tensor WeightedError(
        ObjectiveBatch batch, TrainingLevel[] drawn, NoisyBatch noisy, Tensor output, TrainingOptions options)
    {
        var difference = output - noisy.Target();
        var error = difference * difference;
        var weights = Array.ConvertAll(
            drawn, level => LossWeights.OfOutput(options.Objective, options.Weighting, options.Prediction, level));
        return weights.All(weight => weight == 1) ? error : error * batch.PerPicture(weights, weight => weight);
    }
}
