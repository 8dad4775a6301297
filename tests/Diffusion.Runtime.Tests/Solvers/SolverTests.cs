using CsCheck;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests.Solvers;

public sealed class SolverTests
{
    // Float64 rounding of a handful of operations on numbers near 1.
    private const double Rounding = 1e-12;

    private static readonly GaussianChain _data = new(Mean: 0.4, Deviation: 0.5);

    // Twice the order's power of two apart by less than this: the next error term is still visible at these step
    // counts.
    private const double OrderTolerance = 0.15;

    [Theory]
    [InlineData("ddim", 1)]
    [InlineData("dpmpp-2m", 2)]
    public void Plan_HalvedSteps_ConvergesWithItsOrder(string name, int order)
    {
        // Evenly in λ over a fixed interval, so that halving the steps halves every h.
        double coarse = ErrorOnInterval(SolverCatalog.Parse(name), 80);
        double fine = ErrorOnInterval(SolverCatalog.Parse(name), 160);

        double measured = Math.Log2(coarse / fine);

        Assert.InRange(measured, order - OrderTolerance, order + OrderTolerance);
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

        (double mean, double variance) = _data.Propagate(new DdpmSolver(), levels);

        Assert.Equal(_data.Mean, mean, Tolerance);
        Assert.Equal(_data.Deviation * _data.Deviation, variance, Tolerance);
    }

    [Fact]
    public void Plan_DdpmLargeVarianceOnStandardNormalData_KeepsTheVarianceAtEveryStep()
    {
        // [Ho20, Sec. 3.2] σ² = β is exact for x_0 ~ N(0, 1), whose x_t is N(0, 1) at every level.
        GaussianChain standard = new(0, 1);
        NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Linear(), StepSpacing.Linspace, 7);
        for (int n = 0; n < 6; n++)
        {
            LinearStep step = new DdpmSolver(largeVariance: true).Plan(levels, n);
            double slope = step.Sample + (step.Denoised[0] * standard.Gain(levels[n]));
            Assert.Equal(1, (slope * slope) + (step.Noise * step.Noise), Rounding);
        }
    }

    [Fact]
    public void Plan_DdimEtaOne_IsDdpm() =>
        Gen.Select(Gen.Int[1, 1000], Gen.OneOf(Enum.GetValues<StepSpacing>().Select(Gen.Const).ToArray()))
        .Sample(
            (stepCount, spacing) =>
            {
                NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Cosine(), spacing, stepCount);
                for (int n = 0; n < stepCount; n++)
                {
                    LinearStep ddim = new DdimSolver(eta: 1).Plan(levels, n);
                    LinearStep ddpm = new DdpmSolver().Plan(levels, n);
                    Assert.Equal(ddpm.Sample, ddim.Sample, Rounding);
                    Assert.Equal(ddpm.Denoised[0], ddim.Denoised[0], Rounding);
                    Assert.Equal(ddpm.Noise, ddim.Noise, Rounding);
                }
            },
            iter: 20);

    [Fact]
    public void Plan_FirstStepOfDpmSolverPlusPlus_IsDdim()
    {
        NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Linear(), StepSpacing.LogSnr, 5);

        LinearStep first = new DpmSolverPlusPlus2MSolver().Plan(levels, 0);
        LinearStep ddim = new DdimSolver().Plan(levels, 0);

        Assert.Equal(ddim.Sample, first.Sample, Rounding);
        Assert.Equal(ddim.Denoised[0], first.Denoised[0], Rounding);
        Assert.Equal(0, first.Denoised[1]);
    }

    [Fact]
    public void Plan_LastStep_GivesTheCleanEstimateExactly() => Gen.Select(
        Gen.Int[1, 1000], Gen.Int[0, 2], Gen.OneOf(Enum.GetValues<StepSpacing>().Select(Gen.Const).ToArray())).Sample(
        (stepCount, solver, spacing) =>
        {
            NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Cosine(), spacing, stepCount);
            LinearStep last = SolverCatalog.Parse(SolverCatalog.Names[solver]).Plan(levels, stepCount - 1);
            return last.Sample == 0 && last.Denoised[0] == 1
                && last.Denoised[1] == 0 && last.Noise == 0 && last.Target.IsClean;
        },
        iter: 50);

    [Fact]
    public void Plan_AnyGrid_IsFiniteAndKeepsAConstantImage() => Gen.Select(
        Gen.Int[1, 1000], Gen.Int[0, 2], Gen.OneOf(Enum.GetValues<StepSpacing>().Select(Gen.Const).ToArray())).Sample(
        (stepCount, solver, spacing) =>
        {
            // Data that is one constant c: x_t = α·c must step to α'·c whatever the solver.
            NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Linear(), spacing, stepCount);
            for (int n = 0; n < stepCount; n++)
            {
                LinearStep step = SolverCatalog.Parse(SolverCatalog.Names[solver]).Plan(levels, n);
                double sum = (step.Sample * levels[n].Alpha) + step.Denoised[0] + step.Denoised[1];
                Assert.True(double.IsFinite(step.Noise));
                Assert.Equal(levels[n + 1].Alpha, sum, Rounding);
            }
        },
        iter: 50);

    [Fact]
    public void DdimSolver_EtaOutsideTheUnitInterval_NamesTheRule()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new DdimSolver(1.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DdimSolver(double.NaN));
    }

    [Fact]
    public void Parse_UnknownSolver_ListsTheKnown()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => SolverCatalog.Parse("euler"));

        Assert.Contains("'euler'; known are ddpm, ddim, dpmpp-2m", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_AnySolver_AllocatesNothing()
    {
        NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Linear(), StepSpacing.Trailing, 10);
        double sum = 0;
        foreach (string name in SolverCatalog.Names)
        {
            Solver solver = SolverCatalog.Parse(name);
            sum += solver.Plan(levels, 1).Sample;
            long before = GC.GetAllocatedBytesForCurrentThread();
            sum += solver.Plan(levels, 2).Sample;
            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }

        Assert.True(double.IsFinite(sum));
    }

    private static double ErrorOnInterval(Solver solver, int stepCount)
    {
        NoiseLevel[] levels = new NoiseLevel[stepCount + 1];
        (double from, double to) = (-4, 3);
        for (int i = 0; i <= stepCount; i++)
        {
            levels[i] = LevelAtLambda(from + ((to - from) * i / stepCount));
        }

        const double Start = 0.7;
        return Math.Abs(_data.Run(solver, levels, Start) - _data.Flow(Start, levels[0], levels[stepCount]));
    }

    private static NoiseLevel LevelAtLambda(double lambda)
    {
        double alphaSquared = 1 / (1 + Math.Exp(-2 * lambda));
        return new NoiseLevel(0, Math.Sqrt(alphaSquared), Math.Sqrt(1 / (1 + Math.Exp(2 * lambda))));
    }
}
