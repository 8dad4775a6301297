using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>
/// DPM-Solver++ (2S): second order in λ from one step alone, with an evaluation on the way. [Lu22pp, Alg. 1]
/// </summary>
/// <remarks>
/// Two evaluations a step but for the last, which ends at λ = ∞ and is of first order. Immutable; any thread.
/// </remarks>
public sealed class DpmSolverPlusPlus2SSolver : Solver
{
    private readonly bool _pairsSteps;
    private readonly bool _endsWithEuler;

    /// <summary>Makes the solver.</summary>
    /// <param name="pairsSteps">
    /// Whether two steps of the grid make one of the method, with the level between them for the evaluation on the way,
    /// as diffusers has it; by default each step is one, and the evaluation lies half way in λ.
    /// </param>
    /// <param name="endsWithEuler">
    /// Whether the last of the grid's steps is of first order when two make one and it does not end at the clean image;
    /// diffusers' <c>lower_order_final</c>.
    /// </param>
    public DpmSolverPlusPlus2SSolver(bool pairsSteps = false, bool endsWithEuler = true)
    {
        (_pairsSteps, _endsWithEuler) = (pairsSteps, endsWithEuler);
    }

    /// <inheritdoc/>
    public override string Name => "dpmpp-2s";

    /// <inheritdoc/>
    public override int HistoryLength => 1;

    /// <inheritdoc/>
    public override NoiseLevel[] PlaceEvaluations(ReadOnlySpan<NoiseLevel> levels, NoiseSchedule schedule)
    {
        if (_pairsSteps)
        {
            return levels.ToArray();
        }

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
        (NoiseLevel middle, NoiseLevel next) = (levels[evaluation], levels[evaluation + 1]);
        bool isLast = evaluation == levels.Length - 2;
        if (evaluation % 2 == 0 || next.IsClean || (isLast && _endsWithEuler))
        {
            // [Lu22pp, Alg. 1] u = (σ_m/σ_t)·x - α_m·(e^(-r·h) - 1)·D
            return EulerSolver.Plan(middle, next);
        }

        // [Lu22pp, Alg. 1] x' = (σ_s/σ_t)·x_t - α_s·(e^(-h) - 1)·((1 - 1/(2r))·D(x_t) + D(u)/(2r))
        NoiseLevel t = levels[evaluation - 1];
        double h = next.Lambda - t.Lambda;
        double estimate = -next.Alpha * double.ExpM1(-h);
        double share = _pairsSteps ? 0.5 * h / (middle.Lambda - t.Lambda) : 1;
        LinearStep step = default;
        step.EarlierSamples[0] = next.Sigma / t.Sigma;
        step.Denoised[0] = estimate * share;
        step.Denoised[1] = estimate * (1 - share);
        step.Target = next;
        return step;
    }
}
