using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Likelihood;
using static TorchSharp.torch;

namespace Diffusion.Torch.Training.Objectives;

/// <summary>
/// The variational bound, one of its terms a picture, by itself or as the part of L_hybrid that learns the variance.
/// [Ho20, Eq. 5] [Nichol21, Eq. 16]
/// </summary>
/// <remarks>
/// In bits per dimension, as [Nichol21]'s weight of 0.001 is meant. T times the term of a uniformly drawn t, and L_T,
/// are an unbiased estimate of the whole; clean estimates are not clamped, so that gradients reach them.
/// </remarks>
internal sealed class BoundObjective : Objective
{
    // [Nichol21, Sec. 3.1] λ, that the variance does not overwhelm the mean
    private const double HybridShare = 0.001;

    private readonly nn.Module<Tensor, Tensor, Tensor?, Tensor> _network;
    private readonly LevelMap _levels;
    private readonly TrainingOptions _options;
    private readonly Posterior[] _posteriors;

    public BoundObjective(
        nn.Module<Tensor, Tensor, Tensor?, Tensor> network,
        NoiseSchedule schedule,
        LevelMap levels,
        TrainingOptions options)
    {
        _network = network;
        _levels = levels;
        _options = options;
        Schedule = schedule;
        _posteriors = [.. levels.Table.Select((level, t) => Posterior.Between(
            level.Level, t == 0 ? NoiseLevel.Clean : levels.Table[t - 1].Level))];
    }

    /// <inheritdoc/>
    public override NoiseSchedule Schedule { get; }

    /// <inheritdoc/>
    public override ObjectiveLosses Losses(ObjectiveBatch batch)
    {
        var drawn = Array.ConvertAll(batch.Draws, draw => _levels.At(draw.Unit));
        var noisy = new NoisyBatch(batch, drawn, _options.Prediction);
        var output = NetworkOutput.Of(
            _network.call(noisy.Input, noisy.Times, batch.Labels), _options.Variance, batch.Clean.shape[1]);
        var clean = noisy.CleanOf(output.Mean);
        if (_options.Objective == TrainingObjective.Vlb)
        {
            return new ObjectiveLosses(Bound(batch, drawn, noisy.X, clean, output.Variance));
        }

        // [Nichol21, Sec. 3.1] a stop-gradient on the mean: the bound teaches the variance only
        var simple = DenoisingObjective.WeightedError(batch, drawn, noisy, output.Mean, _options);
        var bound = Bound(batch, drawn, noisy.X, clean.detach(), output.Variance);
        return new ObjectiveLosses(simple + (HybridShare * bound));
    }

    /// <summary>T·L_t + L_T at each picture's own t, in bits per dimension. [Ho20, Eq. 5]</summary>
    /// <param name="batch">The clean pictures.</param>
    /// <param name="drawn">Their levels.</param>
    /// <param name="x">x_t.</param>
    /// <param name="clean">The estimate of x_0.</param>
    /// <param name="v">The variance's place in its range, -1 for β̃ and 1 for β; null for β̃.</param>
    internal Tensor Bound(ObjectiveBatch batch, TrainingLevel[] drawn, Tensor x, Tensor clean, Tensor? v)
    {
        // [Ho20, Eq. 7]
        var ofSample = batch.PerPicture(drawn, level => _posteriors[level.Index].Sample);
        var ofClean = batch.PerPicture(drawn, level => _posteriors[level.Index].Clean);
        var trueMean = (ofSample * x) + (ofClean * batch.Clean);
        var mean = (ofSample * x) + (ofClean * clean);
        var least = batch.PerPicture(drawn, level => LogVariance(level.Index));
        var logVariance = least;
        if (v is not null)
        {
            // [Nichol21, Eq. 15] Σ = exp(v·ln β + (1-v)·ln β̃), the network's -1 .. 1 mapped to 0 .. 1
            var largest = batch.PerPicture(drawn, level => Math.Log(_posteriors[level.Index].ForwardVariance));
            var share = (v + 1) / 2;
            logVariance = (share * largest) + ((1 - share) * least);
        }

        // [Ho20, Eq. 8] L_(t-1), and [Ho20, Eq. 13] L_0
        var divergence = Gaussians.KullbackLeibler(trueMean, least, mean, logVariance);
        var decoder = Gaussians.DecoderLoss(batch.Clean, mean, logVariance);
        var isLast = batch.PerPicture(drawn, level => level.Index == 0 ? 1 : 0) == 1;
        var term = where(isLast, decoder, divergence);
        return ((_posteriors.Length * term) + Prior(batch.Clean)) / Math.Log(2);
    }

    // L_T = D_KL(q(x_T | x_0), N(0, 1)), which nothing can be learned from.
    private Tensor Prior(Tensor clean)
    {
        using var scope = NewDisposeScope();
        var last = _levels.Table[^1].Level;
        var zero = zeros_like(clean);
        var logVariance = full_like(clean, 2 * Math.Log(last.Sigma));
        return Gaussians.KullbackLeibler(last.Alpha * clean, logVariance, zero, zero).MoveToOuterDisposeScope();
    }

    // ln β̃, with that of the step before at the last one, where β̃ is 0. [Nichol21, Sec. 3.1]
    private double LogVariance(int index) => Math.Log(_posteriors[Math.Max(index, 1)].Variance);
}
