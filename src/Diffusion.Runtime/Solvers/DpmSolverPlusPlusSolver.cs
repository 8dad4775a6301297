using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>
/// DPM-Solver++, multistep: order 1 to 3 in λ with one evaluation a step, from this and the previous clean estimates,
/// of the probability-flow ODE or of the reverse SDE. [Lu22pp, Alg. 2]
/// </summary>
/// <remarks>
/// The first steps have too few estimates and the last ends at λ = ∞: they are of the order that is possible there, the
/// last of order 1. Immutable; any thread.
/// </remarks>
public sealed class DpmSolverPlusPlusSolver : Solver
{
    private const int ManySteps = 15;

    private readonly int _order;
    private readonly bool _isSde;
    private readonly bool _lowersOrder;
    private readonly bool _endsWithEuler;

    /// <summary>Makes the solver.</summary>
    /// <param name="order">1 (DDIM's step), 2 (2M) or 3 (3M).</param>
    /// <param name="isSde">Whether to solve the reverse SDE, with fresh noise each step.</param>
    /// <param name="lowersOrder">
    /// Whether the last step but one of a chain of fewer than 15 is of order 2 at most, as diffusers'
    /// <c>lower_order_final</c> has it. By default it keeps its order, with which Gaussians and mixtures
    /// mostly end nearer the flow. A last step that does not end at the clean image is then of order 1.
    /// </param>
    /// <param name="endsWithEuler">
    /// Whether such a last step is of order 1 in any case: diffusers' <c>euler_at_final</c>.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The order is not 1 to 3.</exception>
    public DpmSolverPlusPlusSolver(
        int order = 2, bool isSde = false, bool lowersOrder = false, bool endsWithEuler = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(order, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order, 3);
        (_order, _isSde, _lowersOrder, _endsWithEuler) = (order, isSde, lowersOrder, endsWithEuler);
        Name = (order == 1 ? "dpmpp-1" : $"dpmpp-{order}m") + (isSde ? "-sde" : "");
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override int HistoryLength => _order - 1;

    /// <inheritdoc/>
    public override bool IsStochastic => _isSde;

    /// <inheritdoc/>
    public override LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation)
    {
        (NoiseLevel t, NoiseLevel s) = (levels[evaluation], levels[evaluation + 1]);
        double h = s.Lambda - t.Lambda;

        // [Lu22pp] the ODE decays by e^(-h), the SDE by e^(-2h) with noise of variance σ_s²·(1 - e^(-2h))
        double decay = _isSde ? 2 * h : h;
        double estimate = -double.ExpM1(-decay);
        LinearStep step = default;
        step.Target = s;
        step.Sample = s.Sigma / t.Sigma * (_isSde ? Math.Exp(-h) : 1);
        step.Noise = _isSde ? s.Sigma * Math.Sqrt(-double.ExpM1(-2 * h)) : 0;
        step.Denoised[0] = s.Alpha * estimate;

        // A step that ends where it begins has no differences to scale.
        int order = s.IsClean || s == t ? 1 : Math.Min(OrderAt(evaluation, levels.Length - 1), evaluation + 1);
        if (order == 2)
        {
            // [Lu22pp, Alg. 2] D = D_0 + (D_0 - D_1)/(2r),  r = (λ_t - λ_(t-1))/h
            double r = (t.Lambda - levels[evaluation - 1].Lambda) / h;
            AddDifferences(ref step, s.Alpha * estimate * 0.5 / r, 0);
        }
        else if (order == 3)
        {
            AddThirdOrder(ref step, levels, evaluation, h, decay);
        }

        return step;
    }

    private int OrderAt(int evaluation, int stepCount)
    {
        int stepsLeft = stepCount - evaluation;
        bool isLowered = _lowersOrder && stepCount < ManySteps;
        return stepsLeft == 1 && (isLowered || _endsWithEuler) ? 1
            : stepsLeft == 2 && isLowered ? Math.Min(_order, 2)
            : _order;
    }

    // [Lu22pp] D(λ) ≈ D_0 + D'·(λ - λ_t)/h + ½·D''·(λ - λ_t)²/h², D' and D'' by divided differences, integrated
    // exactly against e^λ: φ_2·D' - φ_3·D'' with φ_2 = (e^(-h) - 1)/h + 1 and φ_3 = φ_2/h - ½. The authors' code and
    // diffusers take for D'' the divided difference, which is ½·D'': it then converges with order 2, as
    // SolverOrderTests would show. For the SDE, 2h stands for h; diffusers' ½ has the wrong sign there.
    private static void AddThirdOrder(
        ref LinearStep step, ReadOnlySpan<NoiseLevel> levels, int evaluation, double h, double decay)
    {
        double r0 = (levels[evaluation].Lambda - levels[evaluation - 1].Lambda) / h;
        double r1 = (levels[evaluation - 1].Lambda - levels[evaluation - 2].Lambda) / h;
        double phi2 = (double.ExpM1(-decay) / decay) + 1;
        double phi3 = (phi2 / decay) - 0.5;

        // With d_0 = (D_0 - D_1)/r0 and d_1 = (D_1 - D_2)/r1: D' = d_0 + (d_0 - d_1)·r0/(r0 + r1), D'' = 2·(d_0 -
        // d_1)/(r0 + r1).
        double alpha = step.Target.Alpha;
        double slope = phi2 * (1 + (r0 / (r0 + r1)));
        double bend = phi2 * r0 / (r0 + r1);
        double curve = 2 * phi3 / (r0 + r1);
        AddDifferences(ref step, alpha * (slope - curve) / r0, alpha * (curve - bend) / r1);
    }

    private static void AddDifferences(ref LinearStep step, double first, double second)
    {
        step.Denoised[0] += first;
        step.Denoised[1] += second - first;
        step.Denoised[2] -= second;
    }
}
