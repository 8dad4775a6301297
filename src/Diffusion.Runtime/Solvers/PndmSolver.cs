using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>
/// PNDM with linear multistep: Adams–Bashforth on the predicted noise, carried over by DDIM's step. [Liu22, Eq. 9
/// and 12]
/// </summary>
/// <remarks>
/// Started as diffusers does with <c>skip_prk_steps</c>: the first step is made twice, the second time with the mean of
/// the noise at both ends; so N steps make N + 1 evaluations, and one makes one. Immutable; any thread.
/// </remarks>
public sealed class PndmSolver : Solver
{
    /// <inheritdoc/>
    public override string Name => "pndm";

    /// <inheritdoc/>
    public override int HistoryLength => 4;

    /// <inheritdoc/>
    /// <remarks>For what <see cref="HeunSolver.OwnSpacing"/> says, of which the first two steps are a case.</remarks>
    public override StepSpacing? OwnSpacing => StepSpacing.LogSnr;

    /// <inheritdoc/>
    public override NoiseLevel[] PlaceEvaluations(ReadOnlySpan<NoiseLevel> levels, NoiseSchedule schedule) =>
        levels.Length == 2 ? levels.ToArray() : [levels[0], levels[1], .. levels[1..]];

    /// <inheritdoc/>
    public override LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation)
    {
        // The repeated first step leaves from where the first one left.
        int age = evaluation == 1 ? 1 : 0;
        (NoiseLevel t, NoiseLevel s) = (levels[evaluation - age], levels[evaluation + 1]);
        LinearStep step = default;
        step.Target = s;

        // [Liu22, Eq. 9] x' = (α_s/α_t)·x + (σ_s - α_s·σ_t/α_t)·ε',  ε_k = (x_k - α_k·D_k)/σ_k
        AddSample(ref step, age, s.Alpha / t.Alpha);
        double carry = s.Sigma - (s.Alpha * t.Ratio);
        ReadOnlySpan<double> weights = Weights(evaluation);
        for (int k = 0; k < weights.Length; k++)
        {
            NoiseLevel level = levels[evaluation - k];
            double factor = carry * weights[k] / level.Sigma;
            AddSample(ref step, k, factor);
            step.Denoised[k] = -factor * level.Alpha;
        }

        return step;
    }

    // [Liu22, Eq. 12] the weights of ε_0, ε_1, ... by age; the evaluation of the repeated first step stays out of it.
    private static ReadOnlySpan<double> Weights(int evaluation) => evaluation switch
    {
        0 => [1],
        1 => [1.0 / 2, 1.0 / 2],
        2 => [3.0 / 2, 0, -1.0 / 2],
        3 => [23.0 / 12, -16.0 / 12, 0, 5.0 / 12],
        4 => [55.0 / 24, -59.0 / 24, 37.0 / 24, 0, -9.0 / 24],
        _ => [55.0 / 24, -59.0 / 24, 37.0 / 24, -9.0 / 24],
    };

    private static void AddSample(ref LinearStep step, int age, double factor)
    {
        if (age == 0)
        {
            step.Sample += factor;
        }
        else
        {
            step.EarlierSamples[age - 1] += factor;
        }
    }
}
