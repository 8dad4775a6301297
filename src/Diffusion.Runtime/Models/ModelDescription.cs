using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Models;

/// <summary>
/// What the runtime must know of a network besides its architecture: classes, prediction type and training schedule.
/// </summary>
/// <remarks>Immutable; any thread.</remarks>
public sealed record ModelDescription
{
    /// <summary>The default steps of a network that is not distilled.</summary>
    internal const int UndistilledSteps = 20;

    private static readonly DdimSolver _ddim = new();
    private static readonly DpmSolverPlusPlusSolver _dpmSolver = new();

    /// <summary>
    /// Names of the classes, indexed by label; empty for a network without classes. The null class has no name.
    /// </summary>
    public IReadOnlyList<string> ClassNames { get; init; } = [];

    /// <summary>The label of "no class", which guidance needs; -1 where the network has none.</summary>
    public int NullLabel { get; init; } = -1;

    /// <summary>
    /// The numbers of steps that a distilled network samples in, rising; empty for any other. Its clean estimates tell
    /// where a step of DDIM shall end, not what the image is: other solvers are refused, and guidance is built in.
    /// </summary>
    public IReadOnlyList<int> DistilledSteps { get; init; } = [];

    /// <summary>
    /// The solver of a request that names none: DDIM for a distilled network, else DPM-Solver++ (2M).
    /// </summary>
    public Solver DefaultSolver => DistilledSteps.Count > 0 ? _ddim : _dpmSolver;

    /// <summary>
    /// The steps of a request that says no number: the most that a distilled network was taught, else 20.
    /// </summary>
    public int DefaultSteps => DistilledSteps.Count > 0 ? DistilledSteps[^1] : UndistilledSteps;

    /// <summary>What the network predicts.</summary>
    public PredictionType Prediction { get; init; } = PredictionType.Epsilon;

    /// <summary>The schedule that the network was trained on.</summary>
    public required NoiseSchedule Schedule { get; init; }

    /// <summary>
    /// Clean estimates are clamped to [-limit, limit] when a request asks for it; 1 for images in [-1, 1].
    /// </summary>
    public float ClampLimit { get; init; } = 1;

    /// <summary>The data's deviation for a network with EDM's preconditioning. [Karras22, Table 1]</summary>
    public double SigmaData { get; init; } = Preconditioning.DefaultSigmaData;

    /// <summary>The data's curve for solvers with the optimal variance, or null where none was estimated.</summary>
    public CleanVariance? CleanVariance { get; init; }

    /// <summary>
    /// Whether the network predicts a variance in a second half of its channels. [Nichol21, Sec. 3.1]
    /// </summary>
    public bool PredictsVariance { get; init; }
}
