namespace Diffusion.Runtime.Solvers;

/// <summary>The solvers that have a name.</summary>
/// <remarks>Solvers are immutable, so the instances are shared; any thread.</remarks>
public static class SolverCatalog
{
    private static readonly Solver[] _solvers = [new DdpmSolver(), new DdimSolver(), new DpmSolverPlusPlus2MSolver()];
    private static readonly string[] _names = Array.ConvertAll(_solvers, solver => solver.Name);

    /// <summary>The names that <see cref="Parse"/> knows.</summary>
    public static IReadOnlyList<string> Names => _names;

    /// <summary>The solver of the given name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="ArgumentException">The name is none of them.</exception>
    public static Solver Parse(string name)
    {
        int index = Array.IndexOf(_names, name);
        return index >= 0
            ? _solvers[index]
            : throw new ArgumentException(
                $"Unknown solver '{name}'; known are {string.Join(", ", _names)}.", nameof(name));
    }
}
