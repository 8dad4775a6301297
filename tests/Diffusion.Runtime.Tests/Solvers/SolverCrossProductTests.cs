using CsCheck;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests.Solvers;

/// <summary>Every solver on every schedule with every spacing at any number of steps.</summary>
public sealed class SolverCrossProductTests
{
    private static readonly GaussianChain _data = new(Mean: 0.4, Deviation: 0.5);
    private static readonly NoiseSchedule _schedule = new VpSchedule();

    private const string Default = "default";
    private const string List = "list";

    private static readonly string[] _grids = [.. StepSpacings.Names, Default, List];

    [Fact]
    public void Plan_AnySolverOnAnySchedule_StaysFiniteAndEndsOnTheDataSide() => Gen.Select(
        OneOf(1, 2, 5, 20, 1000), OneOf([.. Solvers()]), OneOf([.. NoiseSchedules.Names]), OneOf(_grids),
        Gen.Bool).Sample(AssertRuns, iter: 400);

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
                foreach (string grid in _grids)
                {
                    AssertRuns(stepCount, solver, schedule, grid, endsClean: true);
                }
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(20)]
    public void Plan_WholeCrossProductToTheCleanestLevel_StaysFiniteAndEndsThere(int stepCount)
    {
        // On most grids the last step begins at that level, and has nothing left to do.
        foreach (string solver in Solvers())
        {
            foreach (string schedule in NoiseSchedules.Names)
            {
                foreach (string grid in _grids)
                {
                    AssertRuns(stepCount, solver, schedule, grid, endsClean: false);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(SolverOrders.All), MemberType = typeof(SolverOrders))]
    public void Plan_StepThatEndsWhereItBegins_KeepsTheSample(string name, int order)
    {
        Assert.InRange(order, 1, 4);
        Solver solver = SolverCatalog.Parse(name);
        NoiseLevel[] grid = StepGrid.Create(NoiseSchedules.Linear(), StepSpacing.Leading, 8);
        StepGrid.EndAt(grid, NoiseSchedules.Linear(), 0);
        NoiseLevel[] levels = solver.PlaceEvaluations(grid, NoiseSchedules.Linear());

        LinearStep step = solver.Plan(levels, levels.Length - 2);

        // UniPC corrects the sample before it would leave it; what it gives to one estimate it takes from the others.
        double estimates = 0;
        for (int k = 0; k < LinearStep.MaxDenoised; k++)
        {
            estimates += step.Denoised[k];
        }

        Assert.Equal((1, 0), (step.Sample, step.Noise));
        Assert.Equal(0, estimates, 1e-12);
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
            if (solver is EulerMaruyamaSolver or ProbabilityFlowSolver or ReverseDiffusionSolver
                or PredictorCorrectorSolver)
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
                    sum += k > 0 && step.EarlierSamples[k - 1] != 0
                        ? step.EarlierSamples[k - 1] * levels[n - k].Alpha
                        : 0;
                }

                Assert.Equal(levels[n + 1].Alpha, sum, 1e-9);
            }
        },
        iter: 200);

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

    private static NoiseLevel[] Grid(NoiseSchedule schedule, string name, string solver, int stepCount) => name switch
    {
        Default => StepGrid.CreateDefault(
            schedule, SolverCatalog.Parse(solver, new CleanVariance([0], [0])), stepCount),
        List => StepGrid.Create(schedule, Quadratic(schedule, stepCount)),
        _ => StepGrid.Create(schedule, StepSpacings.Parse(name), stepCount),
    };

    // Times that no spacing has, and a table's between its entries. [Song21DDIM, App. D.2]
    private static double[] Quadratic(NoiseSchedule schedule, int count)
    {
        double range = schedule.MaxTime - schedule.MinTime;
        return [.. Enumerable.Range(0, count).Select(i => (double)(count - i) / count).Select(
            share => schedule.MinTime + (range * share * share))];
    }

    private static void AssertRuns(int stepCount, string name, string scheduleName, string gridName, bool endsClean)
    {
        NoiseSchedule schedule = NoiseSchedules.Parse(scheduleName);
        NoiseLevel[] grid = Grid(schedule, gridName, name, stepCount);
        if (!endsClean)
        {
            StepGrid.EndAt(grid, schedule, schedule.MinTime);
        }

        Solver solver = Parse(name, grid);
        NoiseLevel[] levels = solver.PlaceEvaluations(grid, schedule);
        string label = $"{name} {scheduleName} {gridName} {stepCount}";
        List<double> samples = [solver.IsInversion ? 0.7 : levels[0].Sigma * 0.7];
        List<double> denoised = [];
        for (int n = 0; n < levels.Length - 1; n++)
        {
            LinearStep step = solver.Plan(levels, n);
            for (int k = 0; k < LinearStep.MaxDenoised; k++)
            {
                bool reads = step.Denoised[k] != 0 || (k > 0 && step.EarlierSamples[k - 1] != 0);
                Assert.False(reads && k > Math.Min(n, solver.HistoryLength), $"{label}: {n} reads {k} back");
            }

            denoised.Add(_data.Denoise(samples[n], levels[n]));
            samples.Add(Update(step, samples, denoised, noise: n % 2 == 0 ? 1 : -1));
            Assert.True(double.IsFinite(samples[^1]), $"{label}: step {n} gives {samples[^1]}");
            Assert.Equal(levels[n + 1], step.Target);
        }

        LinearStep last = solver.Plan(levels, levels.Length - 2);
        Assert.Equal(!solver.IsInversion && endsClean, last.Target.IsClean);
        if (!solver.IsInversion && !endsClean)
        {
            Assert.Equal(schedule.At(schedule.MinTime).Lambda, last.Target.Lambda, 1e-9);
        }
        else if (!solver.IsInversion && solver is not PndmSolver)
        {
            // The clean estimate itself; PNDM's last step is still made of several.
            Assert.Equal((0, 1, 0), (last.Sample, last.Denoised[0], last.Noise));
            Assert.Equal(denoised[^1], samples[^1]);
        }
    }

    private static double Update(LinearStep step, List<double> samples, List<double> denoised, double noise)
    {
        if (step.Langevin > 0)
        {
            double score = (step.Sample * samples[^1]) + (step.Denoised[0] * denoised[^1]);
            double epsilon = step.Langevin / (score * score);
            return samples[^1] + (epsilon * score) + (Math.Sqrt(2 * epsilon) * noise);
        }

        // A network that predicts variances says here that they are the larger ones.
        double deviation = step.LearnedVariance ? Math.Exp(0.5 * step.LogVarianceHigh) : step.Noise;
        double next = (step.Sample * samples[^1]) + (deviation * noise);
        for (int k = 0; k < LinearStep.MaxDenoised; k++)
        {
            next += step.Denoised[k] == 0 ? 0 : step.Denoised[k] * denoised[^(k + 1)];
            next += k == 0 || step.EarlierSamples[k - 1] == 0 ? 0 : step.EarlierSamples[k - 1] * samples[^(k + 1)];
        }

        return next;
    }
}
