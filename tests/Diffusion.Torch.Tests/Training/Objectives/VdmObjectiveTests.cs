using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Training;
using Diffusion.Torch.Training.Objectives;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests.Training.Objectives;

public sealed class VdmObjectiveTests
{
    private const int PictureCount = 512;

    /// <summary>Small, so that no pixel falls into the outermost bins, which reach to infinity.</summary>
    private const double DataVariance = 0.04;

    [Fact]
    public void Losses_OtherShapesBetweenTheSameEnds_AreTheClosedFormBound()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        Tensor clean = Math.Sqrt(DataVariance) * TestNetworks.Noise(3, PictureCount, 3, 8, 8);
        using ObjectiveScene scene = NewScene();

        double straight = MeanLoss(scene, clean);
        Parameter shares = ParameterOf(scene, "gamma.shares");
        shares.copy_(1.5 * TestNetworks.Noise(9, shares.shape));
        double bent = MeanLoss(scene, clean);

        // [Kingma21, Sec. 5] with E(ε - ε̂)² = s²/(s² + e^γ) of the best ε̂: ½·∫ dγ·s²/(s² + e^γ), whatever γ(t)
        // between.
        (double start, double end) = (-6, 5);
        double Integral(double gamma) => 0.5 * (gamma - Math.Log(DataVariance + Math.Exp(gamma)));
        double square = (clean * clean).mean().item<float>();
        double sigma = 1 / (1 + Math.Exp(-end));
        double prior = 0.5 * (sigma + ((1 - sigma) * square) - 1 - Math.Log(sigma));
        double expected = (Integral(end) - Integral(start) + prior + Decoder(Math.Exp(0.5 * start))) / Math.Log(2);

        // 98,304 pixels, whose terms deviate by about 4 bits: two standard errors.
        Assert.Equal(expected, straight, 0.03);
        Assert.Equal(expected, bent, 0.03);
    }

    [Fact]
    public void FinishGradients_EndsAndShape_AreThoseOfTheLossAndOfItsSquare()
    {
        using var scope = NewDisposeScope();
        Tensor clean = Math.Sqrt(DataVariance) * TestNetworks.Noise(3, 16, 3, 8, 8);
        using ObjectiveScene scene = NewScene();
        Parameter shares = ParameterOf(scene, "gamma.shares");
        Parameter range = ParameterOf(scene, "gamma.log_range");

        ObjectiveLosses losses = scene.Losses(clean, ObjectiveScene.Midpoints(16));
        losses.Values.mean().backward();
        losses.FinishGradients!(losses.Values.detach().mean([1, 2, 3]));

        double ofRange = Difference(range, 0, () => PerPicture(scene, clean).mean().item<float>());
        double ofShare = Difference(shares, 5, () => PerPicture(scene, clean).square().mean().item<float>());
        Assert.Equal(ofRange, range.grad![0].item<float>(), 0.02 * Math.Abs(ofRange));
        Assert.Equal(ofShare, shares.grad![5].item<float>(), 0.05 * Math.Abs(ofShare));
    }

    [Fact]
    public void Schedule_FreshObjective_IsTheOneItStartsFrom()
    {
        using ObjectiveScene scene = NewScene();

        NoiseSchedule schedule = scene.Objective.Schedule;

        Assert.Equal(6, schedule.At(0).LogSnr, 1e-5);
        Assert.Equal(-5, schedule.At(1).LogSnr, 1e-5);
    }

    private static double Difference(Parameter parameter, int index, Func<double> value)
    {
        using var frozen = no_grad();
        const double Step = 0.02;
        parameter[index].add_(Step);
        double above = value();
        parameter[index].sub_(2 * Step);
        double below = value();
        parameter[index].add_(Step);
        return (above - below) / (2 * Step);
    }

    private static Tensor PerPicture(ObjectiveScene scene, Tensor clean) =>
        scene.Losses(clean, ObjectiveScene.Midpoints(16)).Values.mean([1, 2, 3]);

    private static double MeanLoss(ObjectiveScene scene, Tensor clean) =>
        scene.Losses(clean, ObjectiveScene.Midpoints(PictureCount)).Values.mean().item<float>();

    // E[-ln(mass of a bin of ±1/255 around x)] where the Gaussian of deviation s stands at x + s·n: by quadrature over
    // n.
    private static double Decoder(double s)
    {
        double sum = 0;
        const double Step = 0.01;
        for (double n = -6; n < 6; n += Step)
        {
            // The bin is narrow against s = 0.05, so that its mass is density times width within 1e-3.
            double mass = Math.Exp(-0.5 * n * n) / Math.Sqrt(2 * Math.PI);
            sum += Step * mass * ((0.5 * n * n) + (0.5 * Math.Log(2 * Math.PI)) - Math.Log(2 / 255.0 / s));
        }

        return sum;
    }

    // The best ε̂ for Gaussian data: σ·x/(α²·s² + σ²).
    private static ObjectiveScene NewScene()
    {
        TrainingOptions options = new() { Objective = TrainingObjective.Vdm, Prediction = PredictionType.Epsilon };
        return new ObjectiveScene(options, new LogSnrSchedule(-6, 5), new FormulaNetwork((x, gamma) =>
            gamma.sigmoid().sqrt() * x / (((-gamma).sigmoid() * DataVariance) + gamma.sigmoid())));
    }

    private static Parameter ParameterOf(ObjectiveScene scene, string name) =>
        scene.Objective.Parameters.Single(p => p.Name == name).Value;
}
