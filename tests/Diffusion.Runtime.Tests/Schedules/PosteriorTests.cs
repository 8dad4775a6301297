using CsCheck;
using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Tests.Schedules;

public sealed class PosteriorTests
{
    private const double Rounding = 1e-10;

    [Fact]
    public void Between_AnyTwoLevels_IsBayesRule() => Levels.Sample(pair =>
    {
        (NoiseLevel t, NoiseLevel s) = pair;
        Posterior posterior = Posterior.Between(t, s);

        // q(x_s | x_t, x_0) ∝ q(x_t | x_s)·q(x_s | x_0): precisions add, and so do the weighted means. [Ho20, Eq. 6]
        double forward = 1 / posterior.ForwardVariance;
        double marginal = 1 / (s.Sigma * s.Sigma);
        double scale = posterior.ForwardScale;
        double precision = (scale * scale * forward) + marginal;
        Assert.Equal(1, posterior.Variance * precision, 1e-8);
        Assert.Equal(scale * forward / precision, posterior.Sample, 1e-8);
        Assert.Equal(s.Alpha * marginal / precision, posterior.Clean, 1e-8);
    });

    [Fact]
    public void Mean_FromCleanImageAndFromNoise_Agree() =>
        Gen.Select(Levels, Gen.Double[-1, 1], Gen.Double[-4, 4]).Sample((pair, clean, epsilon) =>
        {
            (NoiseLevel t, NoiseLevel s) = pair;
            Posterior posterior = Posterior.Between(t, s);
            double x = (t.Alpha * clean) + (t.Sigma * epsilon);

            // [Ho20, Eq. 7 and 11]
            Assert.Equal(posterior.Mean(x, clean), posterior.MeanFromNoise(t, x, epsilon), 1e-8);
        });

    [Fact]
    public void Between_NeighboursOfATable_AreThePapersBetas()
    {
        BetaSchedule table = NoiseSchedules.Linear();
        for (int time = 1; time < 1000; time += 37)
        {
            Posterior posterior = Posterior.Between(table.At(time), table.At(time - 1));
            double beta = 1e-4 + (time * (0.02 - 1e-4) / 999);
            double alphaBar = table.At(time).Alpha * table.At(time).Alpha;
            double before = table.At(time - 1).Alpha * table.At(time - 1).Alpha;

            // [Ho20, Eq. 7] β̃ = (1 - ᾱ_(t-1))/(1 - ᾱ_t)·β_t
            Assert.Equal(beta, posterior.ForwardVariance, Rounding);
            Assert.Equal(Math.Sqrt(1 - beta), posterior.ForwardScale, Rounding);
            Assert.Equal((1 - before) / (1 - alphaBar) * beta, posterior.Variance, Rounding);
        }
    }

    [Fact]
    public void ClippedLogVariance_LastStep_IsThatOfTheStepBefore()
    {
        NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Linear(), StepSpacing.Leading, 1000);

        Assert.Equal(0, Posterior.Between(levels[999], levels[1000]).Variance);
        Assert.Equal(
            Math.Log(Posterior.Between(levels[998], levels[999]).Variance),
            Posterior.ClippedLogVariance(levels, 999));
        Assert.True(double.IsFinite(Posterior.ClippedLogVariance(levels.AsSpan(999), 0)));
    }

    // Far enough apart that 1 - α²_t|s does not cancel.
    private static Gen<(NoiseLevel T, NoiseLevel S)> Levels => Gen.Select(
        Gen.OneOf(Gen.Const("vp"), Gen.Const("cosine"), Gen.Const("sub-vp"), Gen.Const("ve"), Gen.Const("edm")),
        Gen.Double[0.1, 0.9],
        Gen.Double[0.1, 0.9]).Select((name, share, ratio) =>
        {
            NoiseSchedule schedule = NoiseSchedules.Parse(name);
            double time = schedule.MinTime + (share * (schedule.MaxTime - schedule.MinTime));
            double earlier = schedule.MinTime + (ratio * (time - schedule.MinTime));
            return (schedule.At(time), schedule.At(earlier));
        });
}
