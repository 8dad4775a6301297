using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Training;
using Diffusion.Torch.Training.Objectives;
using Diffusion.Torch.Training.Times;
using TorchSharp;

namespace Diffusion.Torch.Tests.Training.Times;

public sealed class TimeSamplerTests
{
    private const int BinCount = 8;

    [Fact]
    public void Importance_FullHistory_DrawsByTheRootMeanSquareAndStaysUnbiased()
    {
        using ImportanceTimes times = Filled();
        const int Count = 400_000;

        TimeDraw[] draws = Draw(times, Count);

        // [Nichol21, Eq. 18] p ∝ √E[L²]: bin b saw losses of b + 1 and 2·(b + 1) in turn, √2.5·(b + 1) as root mean
        // square.
        double total = BinCount * (BinCount + 1) / 2.0;
        double mean = 0;
        for (int bin = 0; bin < BinCount; bin++)
        {
            TimeDraw[] inside = [.. draws.Where(draw => (int)(draw.Unit * BinCount) == bin)];
            double p = (0.999 * (bin + 1) / total) + (0.001 / BinCount);
            Assert.Equal(p, inside.Length / (double)Count, 5 * Math.Sqrt(p / Count));
            Assert.All(inside, draw => Assert.Equal(1 / (BinCount * p), draw.Weight, 1e-5));
            mean += inside.Sum(draw => draw.Weight * Math.Exp(draw.Unit)) / Count;
        }

        // ∫ e^u du = e - 1; the weights deviate by about 1.4.
        Assert.Equal(Math.E - 1, mean, 5 * 2.5 / Math.Sqrt(Count));
    }

    [Fact]
    public void Importance_OneLossMissing_IsUniform()
    {
        using ImportanceTimes times = Filled(missing: 1);

        Assert.All(Draw(times, 100), draw => Assert.Equal(1, draw.Weight));
    }

    [Fact]
    public void Importance_OldLosses_AreForgotten()
    {
        using ImportanceTimes times = Filled();
        for (int i = 0; i < ImportanceTimes.HistoryLength; i++)
        {
            for (int bin = 0; bin < BinCount; bin++)
            {
                times.Observe([new TimeDraw((bin + 0.5) / BinCount, 1)], [3]);
            }
        }

        Assert.All(Draw(times, 100), draw => Assert.Equal(1, draw.Weight, 1e-9));
    }

    [Fact]
    public void Importance_DrawAndObserve_LeakNoTensor()
    {
        using ImportanceTimes times = Filled();
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        times.Observe(Draw(times, 10), new float[10]);

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Theory]
    [InlineData("vp")]
    [InlineData("sub-vp")]
    [InlineData("cosine")]
    public void Likelihood_Draws_FollowDiffusionOverVarianceAndStayUnbiased(string name)
    {
        LevelMap levels = new(NoiseSchedules.Parse(name), TrainingObjective.Score);
        using TimeSampler times = TimeSampler.Create(TimeSampling.Likelihood, levels);

        TimeDraw[] draws = Draw(times, 50_000);

        // [Song21ML] λ/(σ²·r) is a constant.
        double[] constant = [.. draws.Select(draw => Rate(levels.At(draw.Unit)) * draw.Weight)];
        Assert.Equal(1, constant.Max() / constant.Min(), 1e-6);

        // Quantiles are spread evenly, so that the error is that of a sum over 50,000 points.
        Assert.Equal(0.5, draws.Average(draw => draw.Weight * draw.Unit), 2e-3);
    }

    [Fact]
    public void LowDiscrepancy_Draws_LieOneInEachPart()
    {
        using LowDiscrepancyTimes times = new();

        TimeDraw[] draws = Draw(times, 16);

        Assert.Equal(Enumerable.Range(0, 16), draws.Select(draw => (int)(draw.Unit * 16)));
    }

    private static double Rate(TrainingLevel level) =>
        level.Level.DiffusionSquared / (level.Level.Sigma * level.Level.Sigma);

    private static TimeDraw[] Draw(TimeSampler times, int count)
    {
        CounterRandom random = new(1, 2, 3);
        return times.Draw(count, ref random);
    }

    private static ImportanceTimes Filled(int missing = 0)
    {
        ImportanceTimes times = new(BinCount);
        for (int bin = 0; bin < BinCount; bin++)
        {
            for (int i = 0; i < ImportanceTimes.HistoryLength - (bin == 3 ? missing : 0); i++)
            {
                times.Observe([new TimeDraw((bin + 0.5) / BinCount, 1)], [(bin + 1) * (1 + (i % 2))]);
            }
        }

        return times;
    }
}
