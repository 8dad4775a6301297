using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Training;
using Diffusion.Torch.Training.Objectives;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests.Training.Objectives;

public sealed class BoundObjectiveTests
{
    private const int StepCount = 20;
    private const double DataMean = 0.1;
    private const double DataVariance = 0.09;

    /// <summary>Monte Carlo over 49,152 pixels whose bounds deviate by about 1 nat: five standard errors.</summary>
    private const double BoundTolerance = 0.025;

    [Fact]
    public void Losses_GaussianDataAndExactPosterior_SumToTheNegativeLogLikelihood()
    {
        BetaSchedule schedule = NewSchedule();
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        TrainingOptions options = new()
        {
            Objective = TrainingObjective.Vlb,
            Variance = ReverseVariance.Learned,
            Prediction = PredictionType.Sample,
        };
        using ObjectiveScene scene = new(options, schedule, new FormulaNetwork((x, time) => Exact(schedule, x, time)));

        // The identity holds for every x_0, so x_0 need not come from the Gaussian; inner pixel values only, whose mass
        // is density times width.
        using Generator generator = new(2);
        Tensor clean = (randint(40, 216, [1, 3, 128, 128], generator: generator).to(float32) / 127.5) - 1;
        double bits = 0;
        for (int t = 0; t < StepCount; t++)
        {
            using var step = NewDisposeScope();
            Tensor losses = scene.Losses(clean, ObjectiveScene.At((t + 0.5) / StepCount), (ulong)t).Values;
            bits += losses.mean().item<float>() / StepCount;
        }

        Tensor z = (clean - DataMean) / Math.Sqrt(DataVariance);
        double expected = (0.5 * (z * z).mean().item<float>()) + (0.5 * Math.Log(2 * Math.PI * DataVariance))
            - Math.Log(2 / 255.0);
        Assert.Equal(expected, bits * Math.Log(2), BoundTolerance);
    }

    [Fact]
    public void Losses_Hybrid_MeanHasTheGradientOfLSimpleOnly()
    {
        using var scope = NewDisposeScope();
        Tensor clean = TestNetworks.Noise(3, 4, 3, 8, 8).clamp(-1, 1);
        TrainingOptions hybrid = new()
        {
            Objective = TrainingObjective.Hybrid,
            Variance = ReverseVariance.Learned,
            Prediction = PredictionType.Epsilon,
        };
        TrainingOptions simple = new() { Prediction = PredictionType.Epsilon };

        (Tensor? mean, Tensor? variance) = Gradients(hybrid, clean);
        (Tensor? expected, _) = Gradients(simple, clean);

        Assert.Equal(expected!.item<float>(), mean!.item<float>());
        Assert.NotEqual(0, variance!.item<float>());
    }

    [Fact]
    public void Losses_VlbWithFixedVariance_IsTheMeansDistanceOverTwiceThePosteriorVariance()
    {
        BetaSchedule schedule = NewSchedule();
        using var scope = NewDisposeScope();
        TrainingOptions options = new() { Objective = TrainingObjective.Vlb, Prediction = PredictionType.Sample };
        const double Error = 0.2;
        Tensor clean = zeros(1, 3, 4, 4);
        using ObjectiveScene scene = new(options, schedule, new FormulaNetwork((x, _) => full_like(x, Error)));
        const int Index = 7;

        Tensor losses = scene.Losses(clean, ObjectiveScene.At((Index + 0.5) / StepCount)).Values;

        // In the terms of [Ho20]: ᾱ as a running product, β̃ = (1-ᾱ_(t-1))/(1-ᾱ_t)·β_t, μ̃'s factor
        // √ᾱ_(t-1)·β_t/(1-ᾱ_t).
        double[] betas = Betas();
        double before = betas.Take(Index).Aggregate(1.0, (product, beta) => product * (1 - beta));
        double after = before * (1 - betas[Index]);
        double posterior = (1 - before) / (1 - after) * betas[Index];
        double distance = Math.Sqrt(before) * betas[Index] / (1 - after) * Error;
        double last = betas.Aggregate(1.0, (product, beta) => product * (1 - beta));
        double prior = 0.5 * ((1 - last) - 1 - Math.Log(1 - last));
        double expected = ((StepCount * distance * distance / (2 * posterior)) + prior) / Math.Log(2);
        Assert.Equal(expected, losses[0, 0, 0, 0].item<float>(), 1e-4 * expected);
    }

    private static (Tensor? Mean, Tensor? Variance) Gradients(TrainingOptions options, Tensor clean)
    {
        Parameter mean = new(tensor(0.3f));
        Parameter variance = new(tensor(0.1f));
        bool learns = options.Variance == ReverseVariance.Learned;
        using ObjectiveScene scene = new(options, NewSchedule(), new FormulaNetwork((x, _) => learns
            ? cat([mean * x, variance.expand(x.shape)], 1)
            : mean * x));
        scene.Losses(clean, ObjectiveScene.Midpoints(4)).Values.mean().backward();
        return (mean.grad, variance.grad);
    }

    // E[x_0 | x_t] of Gaussian data, and v for which exp(interpolation) is the exact variance of x_(t-1) given x_t.
    private static Tensor Exact(BetaSchedule schedule, Tensor x, Tensor time)
    {
        int t = (int)time.item<float>();
        NoiseLevel level = schedule.At(t);
        (double alpha, double variance) = (level.Alpha, level.Sigma * level.Sigma);
        double total = (alpha * alpha * DataVariance) + variance;
        Tensor clean = DataMean + (alpha * DataVariance / total * (x - (alpha * DataMean)));
        double left = DataVariance * variance / total;

        Posterior posterior = Posterior.Between(level, t == 0 ? NoiseLevel.Clean : schedule.At(t - 1));
        double exact = posterior.Variance + (posterior.Clean * posterior.Clean * left);
        Posterior first = Posterior.Between(schedule.At(1), schedule.At(0));
        double least = Math.Log(t == 0 ? first.Variance : posterior.Variance);
        double share = (Math.Log(exact) - least) / (Math.Log(posterior.ForwardVariance) - least);
        return cat([clean, full_like(x, (2 * share) - 1)], 1);
    }

    private static double[] Betas() => [.. Enumerable.Range(0, StepCount).Select(t => 0.02 + (0.02 * t))];

    private static BetaSchedule NewSchedule() => new("test", Betas());
}
