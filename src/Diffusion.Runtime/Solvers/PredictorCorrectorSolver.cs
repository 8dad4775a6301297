using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>
/// Predictor–corrector sampling: a reverse-diffusion step to the next level, then a step of annealed Langevin dynamics
/// at it. [Song21SDE, Alg. 2 and 3]
/// </summary>
/// <remarks>Two evaluations a step but for the last, which has no level left to correct at. Immutable; any
/// thread.</remarks>
public sealed class PredictorCorrectorSolver : Solver
{
    private readonly double _snr;

    /// <summary>Makes the solver.</summary>
    /// <param name="snr">r, the corrector's signal-to-noise ratio, above 0. Default 0.16, the paper's for
    /// images.</param>
    /// <exception cref="ArgumentOutOfRangeException">r is not a positive number.</exception>
    public PredictorCorrectorSolver(double snr = 0.16)
    {
        if (!(snr > 0 && double.IsFinite(snr)))
        {
            throw new ArgumentOutOfRangeException(
                nameof(snr), snr, "The corrector's ratio must be finite and above 0.");
        }

        _snr = snr;
    }

    /// <inheritdoc/>
    public override string Name => "pc";

    /// <inheritdoc/>
    public override int HistoryLength => 0;

    /// <inheritdoc/>
    public override bool IsStochastic => true;

    /// <inheritdoc/>
    public override NoiseLevel[] PlaceEvaluations(ReadOnlySpan<NoiseLevel> levels, NoiseSchedule schedule)
    {
        // t_0, then twice at each level: to correct there and to leave it.
        int stepCount = levels.Length - 1;
        NoiseLevel[] evaluations = new NoiseLevel[2 * stepCount];
        for (int i = 0; i < stepCount; i++)
        {
            evaluations[2 * i] = levels[i];
            evaluations[(2 * i) + 1] = levels[i + 1];
        }

        return evaluations;
    }

    /// <inheritdoc/>
    public override LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation)
    {
        NoiseLevel t = levels[evaluation];
        if (evaluation % 2 == 0)
        {
            return ReverseDiffusionSolver.Plan(t, levels[evaluation + 1]);
        }

        // [Song21SDE, Alg. 4 and 5] ε = 2·α·(r·‖z‖/‖g‖)², with α = α²_t|t-1 ≈ 1 here as for VE; g = (α·D - x)/σ²
        LinearStep step = default;
        step.Langevin = 2 * _snr * _snr;
        step.Sample = -1 / (t.Sigma * t.Sigma);
        step.Denoised[0] = t.Alpha / (t.Sigma * t.Sigma);
        step.Target = levels[evaluation + 1];
        return step;
    }
}
