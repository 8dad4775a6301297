using Diffusion.Runtime.Denoising;
using Diffusion.Torch.Training.Objectives;
using Diffusion.Torch.Training.Optimizers;
using Diffusion.Torch.Training.Times;

namespace Diffusion.Torch.Training;

/// <summary>How a network is trained; the defaults are those of the shipped texture model.</summary>
/// <remarks>Immutable; validated by <see cref="Trainer"/>.</remarks>
public sealed record TrainingOptions
{
    /// <summary>Iterations in all, at least 1. The learning rate reaches 0 there.</summary>
    public int Iterations { get; init; } = 8000;

    /// <summary>
    /// Training time in all, over all resumed runs; null for no limit. Whichever end is nearer drives the learning
    /// rate.
    /// </summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Pictures an iteration, at least 1.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>Highest learning rate, above 0.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Iterations over which the learning rate rises linearly from 0.</summary>
    public int WarmupIterations { get; init; } = 100;

    /// <summary>What turns gradients into steps.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.AdamW;

    /// <summary>AdamW's decoupled weight decay on matrices and kernels, at least 0. [Loshchilov19]</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>Gradients are scaled down to this norm, above 0.</summary>
    public double ClipNorm { get; init; } = 1;

    /// <summary>Decay of the averaged weights that are sampled and exported, in [0, 1).</summary>
    public double AverageDecay { get; init; } = 0.999;

    /// <summary>
    /// Share of pictures that are shown under the null label, for guidance, in [0, 1]. [HoSalimans22, Alg. 1]
    /// </summary>
    public double LabelDropout { get; init; } = 0.1;

    /// <summary>
    /// Share of the iterations that show a quarter as many pictures of twice the canvas, in [0, 1), so that the network
    /// knows larger textures too.
    /// </summary>
    public double LargeCanvasShare { get; init; }

    /// <summary>What the network predicts.</summary>
    public PredictionType Prediction { get; init; } = PredictionType.VPrediction;

    /// <summary>What is minimised.</summary>
    public TrainingObjective Objective { get; init; } = TrainingObjective.Simple;

    /// <summary>
    /// The variance of the reverse steps; a learned one needs a network with twice the output channels.
    /// </summary>
    public ReverseVariance Variance { get; init; } = ReverseVariance.Fixed;

    /// <summary>What a student is taught, for <see cref="TrainingObjective.Distillation"/> only; else null.</summary>
    public DistillationOptions? Distillation { get; init; }

    /// <summary>How the noise levels count against each other.</summary>
    public LossWeighting Weighting { get; init; } = LossWeighting.Uniform;

    /// <summary>How times are drawn.</summary>
    public TimeSampling TimeSampling { get; init; } = TimeSampling.LowDiscrepancy;

    /// <summary>
    /// Seed of everything random. Each iteration's draws depend on it and the iteration's number only, and under
    /// <see cref="TimeSampling.Importance"/> on the losses so far.
    /// </summary>
    public ulong Seed { get; init; } = 1;

    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Iterations, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(WarmupIterations);
        ArgumentOutOfRangeException.ThrowIfNegative(WeightDecay);
        Require(LearningRate > 0, nameof(LearningRate), LearningRate, "above 0");
        Require(Enum.IsDefined(Optimizer), nameof(Optimizer), Optimizer, "one of its names");
        Require(Enum.IsDefined(Prediction), nameof(Prediction), Prediction, "one of its names");
        Require(Enum.IsDefined(Objective), nameof(Objective), Objective, "one of its names");
        Require(Enum.IsDefined(Variance), nameof(Variance), Variance, "one of its names");
        Require(Enum.IsDefined(Weighting), nameof(Weighting), Weighting, "one of its names");
        Require(Enum.IsDefined(TimeSampling), nameof(TimeSampling), TimeSampling, "one of its names");
        Require(ClipNorm > 0, nameof(ClipNorm), ClipNorm, "above 0");
        Require(AverageDecay is >= 0 and < 1, nameof(AverageDecay), AverageDecay, "in [0, 1)");
        Require(LabelDropout is >= 0 and <= 1, nameof(LabelDropout), LabelDropout, "in [0, 1]");
        Require(LargeCanvasShare is >= 0 and < 1, nameof(LargeCanvasShare), LargeCanvasShare, "in [0, 1)");
        Require(Duration is null || Duration > TimeSpan.Zero, nameof(Duration), Duration, "positive");
    }

    private static void Require(bool condition, string name, object? value, string rule)
    {
        if (!condition)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be {rule}.");
        }
    }
}
