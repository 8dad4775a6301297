using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>
/// Heun's method on the probability-flow ODE in σ, the noise-to-signal ratio, optionally with EDM's churn: noise is
/// added before each step and taken out by it. [Karras22, Alg. 1 and 2]
/// </summary>
/// <remarks>
/// Two evaluations a step but for the last: at σ̂ and, with Euler's result, at the next level. The churn of a step is
/// part of the update that leads to it, and that of the first step is part of the starting noise, which therefore
/// ignores S_noise. Immutable; any thread.
/// </remarks>
public sealed class HeunSolver : Solver
{
    /// <summary>Makes the solver.</summary>
    /// <param name="churn">How much noise to add; by default none.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of the churn breaks its rule.</exception>
    public HeunSolver(EdmChurn churn = default)
    {
        churn.Validate();
        Churn = churn;
    }

    /// <summary>How much noise is added before each step.</summary>
    public EdmChurn Churn { get; }

    /// <inheritdoc/>
    public override string Name => IsStochastic ? "edm" : "heun";

    /// <inheritdoc/>
    public override int HistoryLength => 1;

    /// <inheritdoc/>
    /// <remarks>
    /// The mean of two slopes in σ errs by the change of D times (σ_t - σ_s)/(2·σ_s), so that σ may not fall to a small
    /// part at once, as it does in the first step of trailing on a cosine table.
    /// </remarks>
    public override StepSpacing? OwnSpacing => StepSpacing.LogSnr;

    /// <inheritdoc/>
    public override bool IsStochastic => Churn.Amount > 0;

    /// <inheritdoc/>
    public override NoiseLevel[] PlaceEvaluations(ReadOnlySpan<NoiseLevel> levels, NoiseSchedule schedule)
    {
        // σ̂_0, σ_1, σ̂_1, σ_2, σ̂_2, ..., clean
        int stepCount = levels.Length - 1;
        NoiseLevel[] evaluations = new NoiseLevel[2 * stepCount];
        for (int i = 0; i < stepCount; i++)
        {
            double ratio = levels[i].Ratio;
            double raised = Churn.Raise(ratio, stepCount);
            evaluations[2 * i] = raised == ratio ? levels[i] : schedule.AtLambda(-Math.Log(raised));
            evaluations[(2 * i) + 1] = levels[i + 1];
        }

        return evaluations;
    }

    /// <inheritdoc/>
    public override LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation)
    {
        if (evaluation % 2 == 0)
        {
            return EulerSolver.Plan(levels[evaluation], levels[evaluation + 1]);
        }

        (NoiseLevel hat, NoiseLevel t, NoiseLevel next) =
            (levels[evaluation - 1], levels[evaluation], levels[evaluation + 1]);

        // [Karras22, Alg. 2] x' = x̂ + (σ_t - σ̂)·½·(d + d'),  d = (x̂ - D_1)/σ̂,  d' = (x - D_0)/σ_t
        double half = 0.5 * (t.Ratio - hat.Ratio);
        LinearStep step = default;
        step.EarlierSamples[0] = next.Alpha / hat.Alpha * (1 + (half / hat.Ratio));
        step.Denoised[1] = -next.Alpha * half / hat.Ratio;
        step.Sample = next.Alpha / t.Alpha * half / t.Ratio;
        step.Denoised[0] = -next.Alpha * half / t.Ratio;

        // [Karras22, Alg. 2] x̂ = x + √(σ̂² - σ²)·S_noise·z
        double added = (next.Ratio * next.Ratio) - (t.Ratio * t.Ratio);
        step.Noise = next.Alpha * Churn.NoiseScale * Math.Sqrt(Math.Max(0, added));
        step.Target = next;
        return step;
    }
}
