using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Likelihood;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests.Likelihood;

public sealed class VariationalBoundTests
{
    private static readonly ClosedForm _data = new(0.1, 0.2);

    [Theory]
    [InlineData("linear", 1000)]
    [InlineData("cosine", 50)]
    [InlineData("linear", 10)]
    public void Evaluate_GaussianDataAndOptimalVariance_IsTheEntropy(string name, int steps)
    {
        // The reverse of a Gaussian chain is Gaussian with this mean and variance, so the bound is tight at any number
        // of steps but for: the data's own rounding to bytes, which adds Δ²/12 to the variance (2e-4 bits), the prior
        // (α_T², below 1e-4 bits) and the sampling error, which is measured.
        const double Systematic = 5e-4;
        BetaSchedule schedule = Table(name, steps);
        using var scope = NewDisposeScope();
        Tensor pictures = _data.Draw(1, quantised: true, 64, 3, 16, 16);
        VariationalBound bound = new(schedule, _data.Denoiser, StepVariance.Optimal, _data.Curve(schedule));

        VariationalTerms terms = bound.Evaluate(pictures, null, 2);

        (double mean, double error) = Moments(terms.Totals);
        Assert.InRange(error, 0, 0.01);
        Assert.InRange(Math.Abs(mean - _data.EntropyInBits), 0, (4 * error) + Systematic);
    }

    [Fact]
    public void Evaluate_OtherVariances_BoundFromAboveAndInOrder()
    {
        BetaSchedule schedule = Table("cosine", 50);
        using var scope = NewDisposeScope();
        Tensor pictures = _data.Draw(1, quantised: true, 32, 3, 16, 16);

        double optimal = Mean(StepVariance.Optimal);
        double small = Mean(StepVariance.Small);
        double large = Mean(StepVariance.Large);

        Assert.True(small > optimal + 0.01, $"{small} {optimal}");
        Assert.True(large > optimal + 0.01, $"{large} {optimal}");

        double Mean(StepVariance variance) =>
            new VariationalBound(schedule, _data.Denoiser, variance, _data.Curve(schedule))
                .Evaluate(pictures, null, 2).Totals.Average();
    }

    [Fact]
    public void Evaluate_FixedVarianceTerms_AreThoseOfTheFormulasByHand()
    {
        // One value, two steps: [Ho20, Eq. 8 and 13] in plain double arithmetic.
        const double X0 = (140 / 127.5) - 1;
        BetaSchedule schedule = new("two", [0.1, 0.4]);
        using var scope = NewDisposeScope();
        Tensor picture = full([1, 1, 1, 1], (float)X0);

        // A denoiser that always answers 0.25 needs no noise.
        VariationalBound bound = new(schedule, (x, _, _) => (full_like(x, 0.25), null), StepVariance.Large);
        IReadOnlyList<double> terms = bound.Evaluate(picture, null, 1).Of(0);

        double alphaBar = 0.9 * 0.6;
        double prior = 0.5 * ((alphaBar * X0 * X0) + (1 - alphaBar) - 1 - Math.Log(1 - alphaBar));
        double posterior = 0.4 * 0.1 / (1 - alphaBar);
        double factor = Math.Sqrt(0.9) * 0.4 / (1 - alphaBar);
        double middle = 0.5 * (Math.Log(0.4 / posterior)
            + ((posterior + (factor * factor * (X0 - 0.25) * (X0 - 0.25))) / 0.4) - 1);
        double deviation = Math.Sqrt(posterior);
        double mass = Mass((X0 + (1 / 255.0) - 0.25) / deviation) - Mass((X0 - (1 / 255.0) - 0.25) / deviation);
        Assert.Equal(-Math.Log2(mass), terms[0], 1e-4);
        Assert.Equal(middle / Math.Log(2), terms[1], 1e-5);
        Assert.Equal(prior / Math.Log(2), terms[2], 1e-6);
    }

    [Fact]
    public void Evaluate_DecoderOverAllBytes_SumsToOne()
    {
        // P(0) + ... + P(255) = 1 for any mean, here one far outside the range that leaves most bins in the tail.
        BetaSchedule schedule = new("two", [0.0001, 0.4]);
        using var scope = NewDisposeScope();
        Tensor bytes = (arange(256).to(float32) / 127.5f).sub(1).reshape(256, 1, 1, 1);
        foreach (double mean in (double[])[0.2, -0.97, 1.3])
        {
            VariationalBound bound = new(schedule, (x, _, _) => (full_like(x, mean), null), StepVariance.Small);

            VariationalTerms terms = bound.Evaluate(bytes, null, 1);

            double sum = Enumerable.Range(0, 256).Sum(k => Math.Pow(2, -terms.Of(k)[0]));
            Assert.Equal(1, sum, 1e-5);
            Assert.All(Enumerable.Range(0, 256), k => Assert.True(double.IsFinite(terms.Of(k)[0])));
        }
    }

    [Fact]
    public void Evaluate_LearnedVarianceThatSaysTheOptimum_IsTheOptimalBound()
    {
        BetaSchedule schedule = Table("cosine", 20);
        NoiseLevel[] levels = [.. new VariationalBound(schedule, _data.Denoiser, StepVariance.Small).Levels];
        using var scope = NewDisposeScope();
        Tensor pictures = _data.Draw(1, quantised: true, 4, 3, 8, 8);

        VariationalTerms learned = new VariationalBound(schedule, Denoise, StepVariance.Learned).Evaluate(pictures, null, 2);
        VariationalTerms optimal = new VariationalBound(
            schedule, _data.Denoiser, StepVariance.Optimal, _data.Curve(schedule)).Evaluate(pictures, null, 2);

        Assert.Equal(optimal.Totals.Average(), learned.Totals.Average(), 1e-4);

        (Tensor, Tensor?) Denoise(Tensor x, NoiseLevel level, Tensor? label)
        {
            int n = Array.FindIndex(levels, other => other.Sigma == level.Sigma);
            Posterior posterior = Posterior.Between(level, levels[n + 1]);
            double best = posterior.Variance + (posterior.Clean * posterior.Clean * _data.CleanVarianceAt(level));
            double low = Posterior.ClippedLogVariance(levels, n);
            double share = (Math.Log(best) - low) / (Math.Log(posterior.ForwardVariance) - low);
            return (_data.Denoise(x, level, label).Clean, full_like(x, (2 * share) - 1));
        }
    }

    [Fact]
    public void Evaluate_EstimatedOptimalVariance_IsAsGoodAsTheExact()
    {
        BetaSchedule schedule = Table("cosine", 50);
        using var scope = NewDisposeScope();
        OptimalVariance estimate = new(schedule, Enumerable.Range(0, 50).Select(t => (double)t), _data.Denoiser);
        estimate.Add(_data.Draw(7, quantised: true, 32, 3, 16, 16), null, 1);
        estimate.Add(_data.Draw(8, quantised: true, 32, 3, 16, 16), null, 2);
        CleanVariance curve = estimate.Estimate();

        // Four standard errors: (x_0 - D)·2ε·σ/α over 49,152 values varies by 2·√v·σ/α, besides 1 % of v itself.
        for (int t = 0; t < 50; t++)
        {
            NoiseLevel level = schedule.At(t);
            double expected = _data.CleanVarianceAt(level);
            Assert.Equal(expected, curve.At(level), (0.03 * expected) + (8 * Math.Sqrt(expected / 49_152) * level.Ratio));
        }

        Tensor pictures = _data.Draw(1, quantised: true, 32, 3, 16, 16);
        double estimated = new VariationalBound(schedule, _data.Denoiser, StepVariance.Optimal, curve)
            .Evaluate(pictures, null, 2).Totals.Average();
        double exact = new VariationalBound(schedule, _data.Denoiser, StepVariance.Optimal, _data.Curve(schedule))
            .Evaluate(pictures, null, 2).Totals.Average();
        Assert.Equal(exact, estimated, 2e-3);
    }

    [Fact]
    public void Estimate_DenoiserThatIsWorseThanNone_IsClippedAtZeroAndOne()
    {
        using var scope = NewDisposeScope();
        Tensor pictures = _data.Draw(1, quantised: true, 4, 1, 8, 8);
        OptimalVariance low = new(NoiseSchedules.Cosine(), [100, 500], (x, level, _) => (x * 9, null));
        low.Add(pictures, null, 1);
        OptimalVariance high = new(NoiseSchedules.Cosine(), [500, 990], (x, level, _) => (x / level.Alpha, null));
        high.Add(pictures, null, 1);

        Assert.Equal([0.0, 0], low.Estimate().Variances);
        Assert.Equal([1.0, 1], high.Estimate().Variances);
        Assert.Throws<InvalidOperationException>(
            () => new OptimalVariance(NoiseSchedules.Cosine(), [1], _data.Denoiser).Estimate());
    }

    [Fact]
    public void Evaluate_OptimalWithoutACurveOrLearnedWithoutOutput_SaysSo()
    {
        BetaSchedule schedule = Table("cosine", 10);
        Assert.Contains("needs the data's curve", Assert.Throws<ArgumentException>(
            () => new VariationalBound(schedule, _data.Denoiser, StepVariance.Optimal)).Message, StringComparison.Ordinal);

        VariationalBound learned = new(schedule, _data.Denoiser, StepVariance.Learned);
        using var scope = NewDisposeScope();
        Tensor picture = zeros(1, 1, 2, 2);
        Assert.Throws<InvalidOperationException>(() => learned.Evaluate(picture, null, 1));
    }

    [Fact]
    public void EvaluateAndAdd_Network_LeakNoTensor()
    {
        using var scope = NewDisposeScope();
        using var network = TestNetworks.Create(TestNetworks.Plain with { OutChannels = 6 });
        Runtime.Models.ModelDescription model = new() { Schedule = NoiseSchedules.Cosine(), PredictsVariance = true };
        TensorDenoiser denoiser = new NetworkDenoiser(network, model).Denoise;
        VariationalBound bound = new(Table("cosine", 4), denoiser, StepVariance.Learned) { ClampLimit = 1 };
        OptimalVariance estimate = new(model.Schedule, [10, 900], denoiser);
        Tensor x = _data.Draw(6, quantised: true, 2, 3, 8, 8);
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        VariationalTerms terms = bound.Evaluate(x, null, 7);
        estimate.Add(x, null, 8);

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.All(terms.Totals, value => Assert.True(double.IsFinite(value)));
    }

    private static BetaSchedule Table(string name, int steps)
    {
        BetaSchedule table = (BetaSchedule)NoiseSchedules.Parse(name);
        return steps == table.Count
            ? table
            : table.Respace([.. Enumerable.Range(1, steps).Select(i => (i * table.Count / steps) - 1)]);
    }

    private static (double Mean, double Error) Moments(IReadOnlyList<double> values)
    {
        double mean = values.Average();
        return (mean, Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1) / values.Count));
    }

    // The normal distribution's cumulative function, by Simpson's rule from 10 deviations below.
    private static double Mass(double z)
    {
        const int Panels = 20_000;
        double width = (z + 10) / Panels;
        double sum = 0;
        for (int i = 0; i <= Panels; i++)
        {
            double at = -10 + (i * width);
            sum += (i is 0 or Panels ? 1 : i % 2 == 1 ? 4 : 2) * Math.Exp(-0.5 * at * at);
        }

        return sum * width / (3 * Math.Sqrt(2 * Math.PI));
    }
}
