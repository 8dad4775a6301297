namespace Diffusion.Runtime.Backends;

/// <summary>The shape of one chain's work on a backend, fixed for the session's life.</summary>
public sealed record SessionOptions
{
    /// <summary>Width of the canvas in pixels; a multiple of the network's stride.</summary>
    public required int Width { get; init; }

    /// <summary>Height of the canvas in pixels; a multiple of the network's stride.</summary>
    public required int Height { get; init; }

    /// <summary>Whether convolutions wrap around (circular padding), so that the texture tiles. Default true.</summary>
    public bool Seamless { get; init; } = true;

    /// <summary>
    /// Whether evaluations may run the network conditionally and unconditionally, for guidance. Default false.
    /// </summary>
    public bool Guided { get; init; }

    /// <summary>
    /// Whether each evaluation runs the network for two classes, whose estimates are mixed. Default false.
    /// </summary>
    public bool Mixed { get; init; }

    /// <summary>
    /// Samples that an evaluation runs the network on at most, in this order: the class, the second class if <see
    /// cref="Mixed"/>, no class if <see cref="Guided"/>.
    /// </summary>
    public int Batch => BatchOf(isGuided: true);

    /// <summary>Samples of <see cref="Batch"/> that an evaluation needs, the first ones.</summary>
    /// <param name="isGuided">Whether its guidance scale is not 1.</param>
    public int BatchOf(bool isGuided) => 1 + (Mixed ? 1 : 0) + (Guided && isGuided ? 1 : 0);

    /// <summary>Earlier clean estimates to keep: the solver's <see cref="Solvers.Solver.HistoryLength"/>.</summary>
    public int HistoryLength { get; init; }

    /// <summary>
    /// Threads that compute noise, at least 1. The result does not depend on it. Default 1, which allocates nothing.
    /// </summary>
    public int NoiseThreads { get; init; } = 1;
}
