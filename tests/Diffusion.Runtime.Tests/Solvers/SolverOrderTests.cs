using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests.Solvers;

/// <summary>The order of convergence of the deterministic solvers on a Gaussian, whose flow is closed form.</summary>
public sealed class SolverOrderTests
{
    // Halving a step divides the error by 2^order up to the next term, still visible at these step counts.
    private const double OrderTolerance = 0.2;
    private const int Steps = 80;

    private static readonly GaussianChain _data = new(Mean: 0.4, Deviation: 0.5);
    private static readonly NoiseSchedule _schedule = new VpSchedule();

    [Theory]
    [MemberData(nameof(SolverOrders.All), MemberType = typeof(SolverOrders))]
    public void Plan_HalvedSteps_ConvergesWithItsOrder(string name, int order)
    {
        double measured = MeasuredOrder(SolverCatalog.Parse(name), EvenlyInLambda);

        Assert.InRange(measured, order - OrderTolerance, order + OrderTolerance);
    }

    [Fact]
    public void Plan_SinglestepOverPairsOfSteps_ConvergesWithOrderTwo() => Assert.InRange(
        MeasuredOrder(new DpmSolverPlusPlus2SSolver(pairsSteps: true), EvenlyInLambda),
        2 - OrderTolerance,
        2 + OrderTolerance);

    [Fact]
    public void Plan_DdimInversion_ConvergesWithOrderOne()
    {
        DdimInversionSolver solver = new();

        Assert.InRange(Math.Log2(Error(Steps) / Error(2 * Steps)), 1 - OrderTolerance, 1 + OrderTolerance);

        double Error(int stepCount)
        {
            NoiseLevel[] levels = [.. EvenlyInLambda(stepCount)[..(stepCount + 1)], NoiseLevel.Clean];
            NoiseLevel[] evaluations = solver.PlaceEvaluations(levels, _schedule);
            return Math.Abs(_data.Run(solver, evaluations, 0.7) - _data.Flow(0.7, evaluations[0], evaluations[^1]));
        }
    }

    [Fact]
    public void Plan_HeunOnItsOwnGrid_MissesTheFlowBySecondOrderAlone()
    {
        // 8 steps from σ/α = 80 to 0.01 miss by 0.104, 15 by 0.021, 29 by 0.0049: the grid's step of ln σ is 1.3 at
        // first, and halving it divides the error by 4 and what the next order adds.
        double[] errors = [Error(8), Error(15), Error(29), Error(57), Error(113)];

        Assert.Equal(0.104, errors[0], 0.002);
        for (int i = 1; i < errors.Length; i++)
        {
            double order = Math.Log2(errors[i - 1] / errors[i]);
            Assert.InRange(order, 2, 2 + (0.4 / i));
        }

        static double Error(int stepCount)
        {
            BetaSchedule schedule = NoiseSchedules.Linear();
            HeunSolver solver = new();
            NoiseLevel[] grid = StepGrid.CreateDefault(schedule, solver, stepCount);
            NoiseLevel[] evaluations = solver.PlaceEvaluations(grid, schedule);
            double start = (grid[0].Alpha * _data.Mean) + (0.7 * grid[0].Sigma);

            // To the last noisy level: the step from there to the clean image has an error of its own.
            double end = _data.Run(solver, evaluations, start, evaluations.Length - 2);
            return Math.Abs(end - _data.Flow(start, grid[0], grid[^2]));
        }
    }

    [Fact]
    public void Plan_ProbabilityFlowInTime_ConvergesWithOrderOne()
    {
        double measured = MeasuredOrder(new ProbabilityFlowSolver(), Grid);

        Assert.InRange(measured, 1 - OrderTolerance, 1 + OrderTolerance);

        static NoiseLevel[] Grid(int stepCount) =>
            [.. Enumerable.Range(0, stepCount + 2).Select(i => _schedule.At(0.9 - (0.6 * i / stepCount)))];
    }

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

    // Evenly in λ over a fixed interval, so that halving the steps halves every h; three levels beyond it keep the
    // lower orders of a chain's last steps out.
    private static NoiseLevel[] EvenlyInLambda(int stepCount) =>
        [.. Enumerable.Range(0, stepCount + 4).Select(i => _schedule.AtLambda(-4 + (6.0 * i / stepCount)))];

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
}
