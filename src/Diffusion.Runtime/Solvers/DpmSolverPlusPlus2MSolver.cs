using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>
/// DPM-Solver++ (2M): second order in λ with one evaluation a step, from this and the previous clean estimate. [Lu22pp,
/// Alg. 2]
/// </summary>
/// <remarks>
/// The first step has no previous estimate and the last ends at λ = ∞; both are first order. Immutable; any thread.
/// </remarks>
public sealed class DpmSolverPlusPlus2MSolver : Solver
{
    /// <inheritdoc/>
    public override string Name => "dpmpp-2m";

    /// <inheritdoc/>
    public override int HistoryLength => 1;

    /// <inheritdoc/>
    public override LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation)
    {
        NoiseLevel t = levels[evaluation];
        NoiseLevel s = levels[evaluation + 1];
        LinearStep step = default;
        step.Target = s;

        // [Lu22pp, Eq. 9] x' = (σ_s/σ_t)·x - α_s·(e^(-h) - 1)·D,  h = λ_s - λ_t
        double h = s.Lambda - t.Lambda;
        step.Sample = s.Sigma / t.Sigma;
        double estimate = -s.Alpha * double.ExpM1(-h);

        if (evaluation == 0 || s.IsClean)
        {
            step.Denoised[0] = estimate;
            return step;
        }

        // [Lu22pp, Alg. 2] D = (1 + 1/(2r))·D_0 - 1/(2r)·D_1,  r = (λ_t - λ_previous)/h
        double r = (t.Lambda - levels[evaluation - 1].Lambda) / h;
        step.Denoised[0] = estimate * (1 + (0.5 / r));
        step.Denoised[1] = -estimate * 0.5 / r;
        return step;
    }
}
