using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests.Chains;

/// <summary>Chains on <see cref="GaussianBackend"/>.</summary>
internal static class GaussianChains
{
    /// <summary>What sessions are for.</summary>
    public static SessionOptions Shape { get; } =
        new() { Width = 8, Height = 8, HistoryLength = SolverCatalog.MaxHistoryLength };

    /// <summary>Steps of a solver on the linear schedule.</summary>
    public static ChainSettings Settings(string solver, int steps) => new()
    {
        Model = GaussianBackend.Model,
        Solver = SolverCatalog.Parse(solver),
        Levels = SolverCatalog.Parse(solver).PlaceEvaluations(
            StepGrid.Create(NoiseSchedules.Linear(), StepSpacing.Trailing, steps), NoiseSchedules.Linear()),
        Noise = new NoiseSource(11),
    };

    /// <summary>A chain of <see cref="Shape"/>.</summary>
    public static DiffusionChain Create(ChainSettings settings, GaussianBackend? backend = null) => new(
        (backend ?? new GaussianBackend()).CreateSession(Shape), settings);

    /// <summary>Advances until it cannot.</summary>
    public static void RunToEnd(DiffusionChain chain)
    {
        while (chain.AdvanceSlice())
        {
        }
    }

    /// <summary>The newest sample, [3, 8, 8].</summary>
    public static float[] Latest(DiffusionChain chain) => chain.Samples.Sample(chain.Samples.CurrentSlot).ToArray();
}
