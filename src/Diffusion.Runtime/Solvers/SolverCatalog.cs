using Diffusion.Runtime.Denoising;

namespace Diffusion.Runtime.Solvers;

/// <summary>The solvers that have a name.</summary>
/// <remarks>Solvers are immutable, so the instances are shared; any thread.</remarks>
public static class SolverCatalog
{
    private const string DdpmOptimal = "ddpm-optimal";
    private const string DdimOptimal = "ddim-optimal";

    private static readonly Solver[] _solvers =
    [
        new DdpmSolver(), new DdpmSolver(DdpmVariance.Large), new DdpmSolver(DdpmVariance.Learned), new DdimSolver(),
        new EulerSolver(), new HeunSolver(), new HeunSolver(EdmChurn.ImageNet64), new EulerAncestralSolver(),
        new EulerMaruyamaSolver(), new ReverseDiffusionSolver(), new ProbabilityFlowSolver(),
        new PredictorCorrectorSolver(),
        new DpmSolverPlusPlusSolver(1), new DpmSolverPlusPlusSolver(2), new DpmSolverPlusPlus2SSolver(),
        new DpmSolverPlusPlusSolver(3), new DpmSolverPlusPlusSolver(1, isSde: true),
        new DpmSolverPlusPlusSolver(2, isSde: true), new DpmSolverPlusPlusSolver(3, isSde: true),
        new UniPcSolver(1), new UniPcSolver(2), new UniPcSolver(3), new UniPcSolver(1, isBh2: false),
        new UniPcSolver(2, isBh2: false), new UniPcSolver(3, isBh2: false), new PndmSolver(), new ConsistencySolver(),
        new DdimInversionSolver(),
    ];

    private static readonly string[] _names =
        [.. _solvers.Select(solver => solver.Name), DdpmOptimal, DdimOptimal];

    /// <summary>The names that <see cref="Parse"/> knows.</summary>
    public static IReadOnlyList<string> Names => _names;

    /// <summary>The longest history that any of them reads.</summary>
    public static int MaxHistoryLength { get; } = _solvers.Max(solver => solver.HistoryLength);

    /// <summary>The solver of the given name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="optimal">The data's curve, which <c>ddpm-optimal</c> and <c>ddim-optimal</c> need.</param>
    /// <exception cref="ArgumentException">The name is none of them, or its curve is missing.</exception>
    public static Solver Parse(string name, CleanVariance? optimal = null)
    {
        if (name is DdpmOptimal or DdimOptimal)
        {
            return optimal is null
                ? throw new ArgumentException(
                    $"The solver '{name}' needs the optimal variance, which this model has no estimate of.",
                    nameof(name))
                : name == DdpmOptimal ? new DdpmSolver(optimal) : new DdimSolver(optimal: optimal);
        }

        return Array.Find(_solvers, solver => solver.Name == name)
            ?? throw new ArgumentException(
                $"Unknown solver '{name}'; known are {string.Join(", ", _names)}.", nameof(name));
    }

    /// <summary>Every solver.</summary>
    /// <param name="optimal">The data's curve, or null to do without the two solvers that need it.</param>
    internal static Solver[] All(CleanVariance? optimal) => optimal is null
        ? [.. _solvers]
        : [.. _solvers, new DdpmSolver(optimal), new DdimSolver(optimal: optimal)];

    /// <summary>DDIM's solver with another η.</summary>
    /// <param name="solver">The solver to take after.</param>
    /// <param name="eta">η in [0, 1].</param>
    /// <exception cref="ArgumentException">The solver has none, or η breaks its rule.</exception>
    public static Solver WithEta(Solver solver, double eta)
    {
        ArgumentNullException.ThrowIfNull(solver);
        return solver is DdimSolver ddim
            ? new DdimSolver(eta, ddim.Optimal)
            : throw new ArgumentException(
                $"The solver '{solver.Name}' has no eta; ddim and {DdimOptimal} have.", nameof(eta));
    }

    /// <summary>EDM's stochastic solver with another S_churn; its other settings stay.</summary>
    /// <param name="solver">The solver to take after.</param>
    /// <param name="amount">S_churn, finite and at least 0, which is none. [Karras22, Alg. 2]</param>
    /// <exception cref="ArgumentException">The solver has none, or S_churn breaks its rule.</exception>
    public static Solver WithChurn(Solver solver, double amount)
    {
        ArgumentNullException.ThrowIfNull(solver);
        return solver is HeunSolver { IsStochastic: true } edm
            ? new HeunSolver(edm.Churn with { Amount = amount })
            : throw new ArgumentException($"The solver '{solver.Name}' has no churn; edm has.", nameof(amount));
    }
}
