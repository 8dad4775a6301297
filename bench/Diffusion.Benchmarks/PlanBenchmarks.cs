using BenchmarkDotNet.Attributes;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Benchmarks;

/// <summary>What it costs to plan one step: it should be nothing beside a network, and no memory.</summary>
[MemoryDiagnoser]
public class PlanBenchmarks
{
    private const int Evaluation = 10;

    private Solver _solver = new DdimSolver();
    private NoiseLevel[] _levels = [];

    /// <summary>The solvers of the catalogue that need no estimate of a model.</summary>
    public static IEnumerable<string> Names =>
        SolverCatalog.Names.Where(name => !name.Contains("optimal", StringComparison.Ordinal));

    [ParamsSource(nameof(Names))]
    public string Name { get; set; } = "ddim";

    [GlobalSetup]
    public void Setup()
    {
        NoiseSchedule schedule = NoiseSchedules.Cosine();
        _solver = SolverCatalog.Parse(Name);
        _levels = _solver.PlaceEvaluations(StepGrid.Create(schedule, StepSpacing.Trailing, 20), schedule);
    }

    [Benchmark]
    public LinearStep Plan() => _solver.Plan(_levels, Evaluation);
}
