using CsCheck;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests.Solvers;

public sealed class SolverTests
{
    // Float64 rounding of a handful of operations on numbers near 1.
    private const double Rounding = 1e-12;

    // Halving a step divides the error by 2^order up to the next term, still visible at these step counts.
    private const double OrderTolerance = 0.2;
    private const int Steps = 80;

    private static readonly GaussianChain _data = new(Mean: 0.4, Deviation: 0.5);
    private static readonly NoiseSchedule _schedule = new VpSchedule();

    [Theory]
    [InlineData("ddim", 1)]
    [InlineData("euler", 1)]
    [InlineData("dpmpp-1", 1)]
    [InlineData("heun", 2)]
    [InlineData("dpmpp-2m", 2)]
    [InlineData("dpmpp-2s", 2)]
    [InlineData("dpmpp-3m", 3)]
    [InlineData("unipc-1", 2)]
    [InlineData("unipc-1-bh1", 2)]
    [InlineData("unipc-2", 3)]
    [InlineData("unipc-2-bh1", 3)]
    [InlineData("unipc-3", 4)]
    [InlineData("pndm", 2)]
    public void Plan_HalvedSteps_ConvergesWithItsOrder(string name, int order)
    {
        double measured = MeasuredOrder(SolverCatalog.Parse(name), Grid);

        Assert.InRange(measured, order - OrderTolerance, order + OrderTolerance);

        // Evenly in λ over a fixed interval, so that halving the steps halves every h; three levels beyond it keep the
        // lower orders of a chain's last steps out.
        static NoiseLevel[] Grid(int stepCount) =>
            [.. Enumerable.Range(0, stepCount + 4).Select(i => _schedule.AtLambda(-4 + (6.0 * i / stepCount)))];
    }

    [Fact]
    public void Plan_ProbabilityFlowInTime_ConvergesWithOrderOne()
    {
        double measured = MeasuredOrder(new ProbabilityFlowSolver(), Grid);

        Assert.InRange(measured, 1 - OrderTolerance, 1 + OrderTolerance);

        static NoiseLevel[] Grid(int stepCount) =>
            [.. Enumerable.Range(0, stepCount + 2).Select(i => _schedule.At(0.9 - (0.6 * i / stepCount)))];
    }

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
        // [Bao22, Eq. 7] holds for every λ_n, that of DDIM with any η too: the chain has the marginals of the data.
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

    [Fact]
    public void Plan_EdmWithoutChurn_IsHeunsMethod()
    {
        // [Karras22, Alg. 1] by hand, for α = 1.
        NoiseLevel[] levels = StepGrid.Create(new EdmSchedule(), StepSpacing.Karras, 6);
        HeunSolver solver = new();
        double x = 80;
        for (int i = 0; i < 6; i++)
        {
            (double sigma, double next) = (levels[i].Sigma, levels[i + 1].Sigma);
            double slope = (x - _data.Denoise(x, levels[i])) / sigma;
            double euler = x + ((next - sigma) * slope);
            double slopeNext = next == 0 ? slope : (euler - _data.Denoise(euler, levels[i + 1])) / next;
            x += (next - sigma) * 0.5 * (slope + slopeNext);
        }

        NoiseLevel[] evaluations = solver.PlaceEvaluations(levels, new EdmSchedule());
        Assert.Equal(11, evaluations.Length - 1);
        Assert.Equal(x, _data.Run(solver, evaluations, 80), 1e-10);
    }

    [Fact]
    public void Plan_EdmWithChurn_HasTheMomentsOfAlgorithmTwo()
    {
        EdmSchedule schedule = new();
        NoiseLevel[] levels = StepGrid.Create(schedule, StepSpacing.Karras, 8);
        HeunSolver solver = new(new EdmChurn(4, 0.05, 50, 1.003));
        NoiseLevel[] evaluations = solver.PlaceEvaluations(levels, schedule);

        // [Karras22, Alg. 2] by hand on mean and variance, since every step is affine in x.
        double mean = 0;
        double variance = evaluations[0].Sigma * evaluations[0].Sigma;
        for (int i = 0; i < 8; i++)
        {
            (double sigma, double next) = (levels[i].Sigma, levels[i + 1].Sigma);
            double gamma = sigma is >= 0.05 and <= 50 ? Math.Min(4.0 / 8, Math.Sqrt(2) - 1) : 0;
            NoiseLevel hat = schedule.AtLambda(-Math.Log(sigma * (1 + gamma)));
            variance += i == 0 ? 0 : 1.003 * 1.003 * ((hat.Sigma * hat.Sigma) - (sigma * sigma));
            double end = Step(mean, hat, levels[i + 1]);
            double slope = Step(mean + 1, hat, levels[i + 1]) - end;
            (mean, variance) = (end, slope * slope * variance);
        }

        (double actualMean, double actualVariance) = _data.Moments(solver, evaluations);
        Assert.Equal(mean, actualMean, 1e-10);
        Assert.Equal(variance, actualVariance, 1e-10);

        static double Step(double x, NoiseLevel hat, NoiseLevel to)
        {
            double slope = (x - _data.Denoise(x, hat)) / hat.Sigma;
            double euler = x + ((to.Sigma - hat.Sigma) * slope);
            double slopeNext = to.IsClean ? slope : (euler - _data.Denoise(euler, to)) / to.Sigma;
            return x + ((to.Sigma - hat.Sigma) * 0.5 * (slope + slopeNext));
        }
    }

    [Theory]
    [InlineData("euler", "ddim")]
    [InlineData("dpmpp-1", "ddim")]
    [InlineData("euler-ancestral", "ddpm")]
    public void Plan_TwoNamesOfOneMap_Agree(string one, string other) => Gen.Select(
        Gen.Int[1, 1000], OneOf("linear", "cosine", "cosine-zero-snr"),
        OneOf(Enum.GetValues<StepSpacing>())).Sample(
        (stepCount, schedule, spacing) =>
        {
            NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Parse(schedule), spacing, stepCount);
            for (int n = 0; n < stepCount; n++)
            {
                AssertSame(SolverCatalog.Parse(one).Plan(levels, n), SolverCatalog.Parse(other).Plan(levels, n));
            }
        },
        iter: 30);

    [Fact]
    public void Plan_DdimEtaOne_IsDdpm() =>
        Gen.Select(Gen.Int[1, 1000], OneOf(Enum.GetValues<StepSpacing>()))
        .Sample(
            (stepCount, spacing) =>
            {
                NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Cosine(), spacing, stepCount);
                for (int n = 0; n < stepCount; n++)
                {
                    AssertSame(new DdpmSolver().Plan(levels, n), new DdimSolver(eta: 1).Plan(levels, n));
                }
            },
            iter: 20);

    [Fact]
    public void Plan_DdimInversion_LeadsBackUnderDdim()
    {
        NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Cosine(), StepSpacing.Linspace, 1000);
        DdimInversionSolver inversion = new();
        double image = 0.9;

        double noise = _data.Run(inversion, inversion.PlaceEvaluations(levels, NoiseSchedules.Cosine()), image);
        double back = _data.Run(new DdimSolver(), levels, noise);

        // Both are first order, and the cleanest level is a little noisier than the image.
        Assert.Equal(image, back, 0.01);
        Assert.Equal(_data.Flow(image, levels[^2], levels[0]), noise, 0.01);
    }

    [Fact]
    public void Plan_AnySolverOnAnySchedule_StaysFiniteAndEndsOnTheDataSide() => Gen.Select(
        OneOf(1, 2, 5, 20, 1000), OneOf([.. Solvers()]), OneOf([.. NoiseSchedules.Names]),
        OneOf(Enum.GetValues<StepSpacing>())).Sample(
        (stepCount, solver, schedule, spacing) => AssertRuns(stepCount, solver, schedule, spacing),
        iter: 400);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(20)]
    [InlineData(1000)]
    public void Plan_WholeCrossProduct_StaysFiniteAndEndsOnTheDataSide(int stepCount)
    {
        foreach (string solver in Solvers())
        {
            foreach (string schedule in NoiseSchedules.Names)
            {
                AssertRuns(stepCount, solver, schedule, spacing: null);
                foreach (StepSpacing spacing in Enum.GetValues<StepSpacing>())
                {
                    AssertRuns(stepCount, solver, schedule, spacing);
                }
            }
        }
    }

    [Theory]
    [InlineData("ddim", 20)]
    [InlineData("dpmpp-2m", 20)]
    [InlineData("unipc-3", 20)]
    [InlineData("heun", 20)]
    [InlineData("pndm", 20)]
    [InlineData("pndm", 8)]
    public void Plan_DefaultGridOfAnyTable_EndsNearTheFlow(string name, int stepCount)
    {
        // A tenth of the data's deviation; on a trailing cosine grid heun misses by 0.41.
        const double Tolerance = 0.05;
        Solver solver = SolverCatalog.Parse(name);
        foreach (string scheduleName in (string[])["linear", "cosine", "scaled-linear", "cosine-zero-snr", "edm"])
        {
            NoiseSchedule schedule = NoiseSchedules.Parse(scheduleName);
            NoiseLevel[] grid = StepGrid.CreateDefault(schedule, solver, stepCount);
            double start = (grid[0].Alpha * _data.Mean) + (0.7 * grid[0].Sigma);

            double end = _data.Run(solver, solver.PlaceEvaluations(grid, schedule), start);

            Assert.Equal(_data.Flow(start, grid[0], NoiseLevel.Clean), end, Tolerance);
        }
    }

    [Fact]
    public void Plan_LinearSteps_KeepAConstantImage() => Gen.Select(
        Gen.Int[1, 200], OneOf([.. Solvers()]), OneOf("linear", "cosine", "ve", "sub-vp")).Sample(
        (stepCount, name, scheduleName) =>
        {
            // Data that is one constant: D = c and x_t = α·c, which every step but those in time must carry to α'·c.
            Solver solver = Parse(name, [_schedule.At(0.5)]);
            NoiseSchedule schedule = NoiseSchedules.Parse(scheduleName);
            NoiseLevel[] levels = solver.PlaceEvaluations(
                StepGrid.Create(schedule, StepSpacing.Trailing, stepCount), schedule);
            if (solver is EulerMaruyamaSolver or ProbabilityFlowSolver or ReverseDiffusionSolver or PredictorCorrectorSolver)
            {
                return;
            }

            for (int n = 0; n < levels.Length - 1; n++)
            {
                LinearStep step = solver.Plan(levels, n);
                double sum = step.Sample * levels[n].Alpha;
                for (int k = 0; k < LinearStep.MaxDenoised; k++)
                {
                    sum += step.Denoised[k];
                    sum += k > 0 && step.EarlierSamples[k - 1] != 0 ? step.EarlierSamples[k - 1] * levels[n - k].Alpha : 0;
                }

                Assert.Equal(levels[n + 1].Alpha, sum, 1e-9);
            }
        },
        iter: 200);

    [Fact]
    public void DdimSolver_EtaOutsideTheUnitInterval_NamesTheRule()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new DdimSolver(1.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DdimSolver(double.NaN));
    }

    [Theory]
    [InlineData(-1, 0, 1, 1)]
    [InlineData(double.NaN, 0, 1, 1)]
    [InlineData(1, 2, 1, 1)]
    [InlineData(1, 0, 1, -1)]
    public void HeunSolver_ChurnThatBreaksARule_Throws(double amount, double min, double max, double noise) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new HeunSolver(new EdmChurn(amount, min, max, noise)));

    [Fact]
    public void Parse_UnknownSolver_ListsTheKnown()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => SolverCatalog.Parse("heum"));

        Assert.Contains("'heum'; known are ddpm, ddpm-large", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_OptimalVarianceWithoutACurve_SaysSo() => Assert.Contains(
        "needs the optimal variance",
        Assert.Throws<ArgumentException>(() => SolverCatalog.Parse("ddpm-optimal")).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Plan_AnySolver_AllocatesNothing()
    {
        NoiseLevel[] grid = StepGrid.Create(NoiseSchedules.Linear(), StepSpacing.Trailing, 10);
        double sum = 0;
        foreach (string name in Solvers())
        {
            Solver solver = Parse(name, grid);
            NoiseLevel[] levels = solver.PlaceEvaluations(grid, NoiseSchedules.Linear());
            sum += solver.Plan(levels, 5).Sample;
            long before = GC.GetAllocatedBytesForCurrentThread();
            sum += solver.Plan(levels, 6).Sample;
            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }

        Assert.True(double.IsFinite(sum));
    }

    private static Gen<T> OneOf<T>(params T[] values) => Gen.OneOf(values.Select(Gen.Const).ToArray());

    private static IEnumerable<string> Solvers() => SolverCatalog.Names;

    private static Solver Parse(string name, ReadOnlySpan<NoiseLevel> levels) =>
        SolverCatalog.Parse(name, _data.CleanVariance(levels));

    private static void AssertRuns(int stepCount, string name, string scheduleName, StepSpacing? spacing)
    {
        NoiseSchedule schedule = NoiseSchedules.Parse(scheduleName);
        NoiseLevel[] grid = spacing is { } named
            ? StepGrid.Create(schedule, named, stepCount)
            : StepGrid.CreateDefault(schedule, SolverCatalog.Parse(name, new CleanVariance([0], [0])), stepCount);
        Solver solver = Parse(name, grid);
        NoiseLevel[] levels = solver.PlaceEvaluations(grid, schedule);
        string label = $"{name} {scheduleName} {spacing?.Name() ?? "default"} {stepCount}";
        for (int n = 0; n < levels.Length - 1; n++)
        {
            LinearStep step = solver.Plan(levels, n);
            double sum = step.Sample + step.Noise + step.LogVarianceLow + step.LogVarianceHigh + step.Langevin;
            for (int k = 0; k < LinearStep.MaxDenoised; k++)
            {
                sum += step.Denoised[k] + (k > 0 ? step.EarlierSamples[k - 1] : 0);
                bool reads = step.Denoised[k] != 0 || (k > 0 && step.EarlierSamples[k - 1] != 0);
                Assert.False(reads && k > Math.Min(n, solver.HistoryLength), $"{label}: {n} reads {k} back");
            }

            Assert.True(double.IsFinite(sum), $"{label}: step {n} is not finite");
            Assert.True(double.IsFinite(step.Target.Alpha + step.Target.Sigma), $"{label}: level {n}");
        }

        LinearStep last = solver.Plan(levels, levels.Length - 2);
        Assert.Equal(!solver.IsInversion, last.Target.IsClean);
        if (!solver.IsInversion && solver is not PndmSolver)
        {
            // The clean estimate itself; PNDM's last step is still made of several.
            Assert.Equal((0, 1, 0), (last.Sample, last.Denoised[0], last.Noise));
        }
    }

    private static double MeasuredOrder(Solver solver, Func<int, NoiseLevel[]> grid)
    {
        return Math.Log2(Error(Steps) / Error(2 * Steps));

        double Error(int stepCount)
        {
            NoiseLevel[] levels = grid(stepCount);
            NoiseLevel[] evaluations = solver.PlaceEvaluations(levels, _schedule);
            int updates = Array.IndexOf(evaluations, levels[stepCount]);
            if (evaluations.Length > levels.Length)
            {
                // Two evaluations a step: the step's own result is the last at that level.
                updates = Array.LastIndexOf(evaluations, levels[stepCount]);
            }

            const double Start = 0.7;

            // A multistep solver's first steps have too little history for its order: they are taken as exact.
            int exactSteps = solver.HistoryLength > 1 ? 5 : 0;
            double x = _data.Run(solver, evaluations, Start, updates, exactSteps);
            return Math.Abs(x - _data.Flow(Start, levels[0], levels[stepCount]));
        }
    }

    private static void AssertSame(LinearStep expected, LinearStep actual)
    {
        Assert.Equal(expected.Sample, actual.Sample, Rounding);
        Assert.Equal(expected.Denoised[0], actual.Denoised[0], Rounding);
        Assert.Equal(expected.Noise, actual.Noise, Rounding);
    }

    /// <summary>The corrector's step where a chain would begin with the predictor's.</summary>
    private sealed class OnlyCorrector(PredictorCorrectorSolver solver) : Solver
    {
        public override string Name => solver.Name;

        public override int HistoryLength => 0;

        public override LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation) =>
            solver.Plan([levels[0], levels[0], levels[1]], 1);
    }
}
