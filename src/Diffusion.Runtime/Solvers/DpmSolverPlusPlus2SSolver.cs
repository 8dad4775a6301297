using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>
/// DPM-Solver++ (2S): second order in λ from one step alone, with an evaluation half way. [Lu22pp, Alg. 1]
/// </summary>
/// <remarks>
/// Two evaluations a step but for the last, which ends at λ = ∞ and is of first order. Immutable; any thread.
/// </remarks>
public sealed class DpmSolverPlusPlus2SSolver : Solver
{
    /// <inheritdoc/>
    public override string Name => "dpmpp-2s";

    /// <inheritdoc/>
    public override int HistoryLength => 1;

    /// <inheritdoc/>
    public override NoiseLevel[] PlaceEvaluations(ReadOnlySpan<NoiseLevel> levels, NoiseSchedule schedule)
    {
        int stepCount = levels.Length - 1;
        NoiseLevel[] evaluations = new NoiseLevel[2 * stepCount];
        for (int i = 0; i < stepCount; i++)
        {
            evaluations[2 * i] = levels[i];
            evaluations[(2 * i) + 1] = i == stepCount - 1
                ? levels[i + 1]
                : schedule.AtLambda(0.5 * (levels[i].Lambda + levels[i + 1].Lambda));
        }

        return evaluations;
    }

    /// <inheritdoc/>
    public override LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation)
    {
        NoiseLevel next = levels[evaluation + 1];
        if (evaluation % 2 == 0)
        {
            // [Lu22pp, Alg. 1, line 4] u = (σ_s/σ_t)·x - α_s·(e^(-h/2) - 1)·D
            return EulerSolver.Plan(levels[evaluation], next);
        }

        // [Lu22pp, Alg. 1, lines 5-6, r = ½] x' = (σ_s/σ_t)·x_t - α_s·(e^(-h) - 1)·D(u)
        NoiseLevel t = levels[evaluation - 1];
        LinearStep step = default;
        step.EarlierSamples[0] = next.Sigma / t.Sigma;
        step.Denoised[0] = -next.Alpha * double.ExpM1(t.Lambda - next.Lambda);
        step.Target = next;
        return step;
    }
}
