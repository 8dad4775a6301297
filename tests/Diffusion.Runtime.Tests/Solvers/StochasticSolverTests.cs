using CsCheck;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests.Solvers;

/// <summary>Mean and variance of the chains that add noise, exact for a Gaussian.</summary>
public sealed class StochasticSolverTests
{
    // Float64 rounding of a handful of operations on numbers near 1.
    private const double Rounding = 1e-12;

    private static readonly GaussianChain _data = new(Mean: 0.4, Deviation: 0.5);
    private static readonly NoiseSchedule _schedule = new VpSchedule();

    [Theory]
    [InlineData("euler-maruyama")]
    [InlineData("reverse-diffusion")]
    [InlineData("euler-ancestral")]
    [InlineData("ddpm")]
    [InlineData("dpmpp-1-sde")]
    [InlineData("dpmpp-2m-sde")]
    [InlineData("dpmpp-3m-sde")]
    public void Plan_StochasticWithHalvedSteps_NearsTheDatasVariance(string name)
    {
        Solver solver = SolverCatalog.Parse(name);
        double coarse = Error(100);
        double fine = Error(200);

        Assert.InRange(Math.Log2(coarse / fine), 0.8, double.PositiveInfinity);

        // On an interval, where the exact answer is the marginal at its end; in time, which all of them can step in.
        double Error(int stepCount)
        {
            NoiseLevel[] levels =
                [.. Enumerable.Range(0, stepCount + 1).Select(i => _schedule.At(0.9 - (0.6 * i / stepCount)))];
            (_, double variance) = _data.Moments(solver, levels, fromMarginal: true);
            NoiseLevel end = levels[^1];
            return Math.Abs(variance - (end.Alpha * end.Alpha * _data.Variance) - (end.Sigma * end.Sigma));
        }
    }

    [Fact]
    public void Plan_OptimalVariance_GivesTheDataExactlyAtAnyStepCount() => Gen.Select(
        Gen.Int[1, 60], OneOf("linear", "cosine", "vp", "sub-vp", "ve", "edm", "vdm"),
        OneOf(Enum.GetValues<StepSpacing>())).Sample(
        (stepCount, schedule, spacing) =>
        {
            NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Parse(schedule), spacing, stepCount);
            DdpmSolver solver = new(_data.CleanVariance(levels), keepsLastNoise: true);

            (double mean, double variance) = _data.Moments(solver, levels, fromMarginal: true);

            // Deviations of up to 80 leave their rounding behind.
            Assert.Equal(_data.Mean, mean, 1e-10);
            Assert.Equal(_data.Variance, variance, 1e-10);
        },
        iter: 200);

    [Fact]
    public void Plan_OptimalVarianceOfDdim_KeepsTheMarginal()
    {
        // [Bao22, Thm. 1] holds for every λ_n, that of DDIM with any η too: the chain has the marginals of the data.
        NoiseLevel[] levels = StepGrid.Create(_schedule, StepSpacing.LogSnr, 9);
        foreach (double eta in (double[])[0, 0.5, 1])
        {
            DdimSolver solver = new(eta, _data.CleanVariance(levels));
            NoiseLevel end = levels[^2];

            (double mean, double variance) = _data.Moments(solver, levels.AsSpan(..^1), fromMarginal: true);

            Assert.Equal(end.Alpha * _data.Mean, mean, 1e-10);
            Assert.Equal((end.Alpha * end.Alpha * _data.Variance) + (end.Sigma * end.Sigma), variance, 1e-10);
        }
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("cosine")]
    public void Plan_DdpmOverTheWholeTable_GivesTheDatasMeanAndVariance(string schedule)
    {
        // β̃ is the posterior variance for a point of data; what it lacks for deviation 0.5, and the last level's, stay
        // below this.
        const double Tolerance = 0.006;
        NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Parse(schedule), StepSpacing.Trailing, 1000);

        (double mean, double variance) = _data.Moments(new DdpmSolver(), levels);

        Assert.Equal(_data.Mean, mean, Tolerance);
        Assert.Equal(_data.Variance, variance, Tolerance);
    }

    [Fact]
    public void Plan_DdpmLargeVarianceOnStandardNormalData_KeepsTheVarianceAtEveryStep()
    {
        // [Ho20, Sec. 3.2] σ² = β is exact for x_0 ~ N(0, 1), whose x_t is N(0, 1) at every level.
        GaussianChain standard = new(0, 1);
        NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Linear(), StepSpacing.Linspace, 7);
        for (int n = 0; n < 6; n++)
        {
            LinearStep step = new DdpmSolver(DdpmVariance.Large).Plan(levels, n);
            double slope = step.Sample + (step.Denoised[0] * standard.Gain(levels[n]));
            Assert.Equal(1, (slope * slope) + (step.Noise * step.Noise), Rounding);
        }
    }

    [Fact]
    public void Plan_Langevin_LeavesTheMarginalAlmostAsItIs()
    {
        // A small enough step of Langevin dynamics keeps the distribution whose score it follows. [Song21SDE, Sec. 4.2]
        NoiseLevel[] levels = [_schedule.At(0.6), _schedule.At(0.5), _schedule.At(0.5)];
        PredictorCorrectorSolver solver = new(snr: 0.02);
        (double mean, double variance) = _data.Moments(new OnlyCorrector(solver), levels.AsSpan(1), fromMarginal: true);
        NoiseLevel level = levels[1];

        Assert.Equal(level.Alpha * _data.Mean, mean, 1e-10);
        Assert.Equal((level.Alpha * level.Alpha * _data.Variance) + (level.Sigma * level.Sigma), variance, 1e-3);
    }

    private static Gen<T> OneOf<T>(params T[] values) => Gen.OneOf(values.Select(Gen.Const).ToArray());

    /// <summary>The corrector's step where a chain would begin with the predictor's.</summary>
    private sealed class OnlyCorrector(PredictorCorrectorSolver solver) : Solver
    {
        public override string Name => solver.Name;

        public override int HistoryLength => 0;

        public override LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation) =>
            solver.Plan([levels[0], levels[0], levels[1]], 1);
    }
}
