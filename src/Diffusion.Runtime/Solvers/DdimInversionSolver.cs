using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>
/// DDIM run from an image to the noise that leads back to it. [Song21DDIM, Sec. 4.3] [Dhariwal21]
/// </summary>
/// <remarks>
/// Takes the grid's levels from the cleanest to the noisiest; the image stands for the sample at the cleanest of them.
/// N steps make N - 1 evaluations, one at least. Immutable; any thread.
/// </remarks>
public sealed class DdimInversionSolver : Solver
{
    /// <inheritdoc/>
    public override string Name => "ddim-inversion";

    /// <inheritdoc/>
    public override int HistoryLength => 0;

    /// <inheritdoc/>
    public override bool IsInversion => true;

    /// <inheritdoc/>
    public override NoiseLevel[] PlaceEvaluations(ReadOnlySpan<NoiseLevel> levels, NoiseSchedule schedule)
    {
        if (levels.Length == 2)
        {
            // One step leaves from the least noise that the network knows.
            return [schedule.At(schedule.MinTime), levels[0]];
        }

        NoiseLevel[] evaluations = levels[..^1].ToArray();
        Array.Reverse(evaluations);
        return evaluations;
    }

    /// <inheritdoc/>
    public override LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation) =>
        EulerSolver.Plan(levels[evaluation], levels[evaluation + 1]);
}
