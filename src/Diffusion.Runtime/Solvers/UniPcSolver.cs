using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>
/// UniPC: a multistep predictor of order p, and a corrector of order p + 1 that reuses the next evaluation. [Zhao23,
/// Alg. 1 to 3]
/// </summary>
/// <remarks>
/// The correction of x_t needs D at x_t, which is there one evaluation later: so each update first corrects the sample
/// it starts from, and then predicts. Both are linear, and where the two meet the earlier sample cancels, so that only
/// the present sample and the estimates remain. Immutable; any thread.
/// </remarks>
public sealed class UniPcSolver : Solver
{
    private const int MaxOrder = UniPcWeights.MaxCount;

    private readonly int _order;
    private readonly bool _isBh2;
    private readonly bool _lowersOrder;

    /// <summary>Makes the solver.</summary>
    /// <param name="order">p, 1 to 3.</param>
    /// <param name="isBh2">B(h) = e^h - 1 (the default), or h: <c>bh2</c> and <c>bh1</c>.</param>
    /// <param name="lowersOrder">
    /// Whether the last steps have lower orders even where the chain does not end at the clean image; diffusers'
    /// <c>lower_order_final</c>.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The order is not 1 to 3.</exception>
    public UniPcSolver(int order = 2, bool isBh2 = true, bool lowersOrder = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(order, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order, MaxOrder);
        (_order, _isBh2, _lowersOrder) = (order, isBh2, lowersOrder);
        Name = $"unipc-{order}" + (isBh2 ? "" : "-bh1");
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override int HistoryLength => _order;

    /// <inheritdoc/>
    public override LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation)
    {
        (NoiseLevel t, NoiseLevel s) = (levels[evaluation], levels[evaluation + 1]);

        // x_t as corrected = x_t as predicted + the difference of the two results: (σ_t/σ_r)·x_r cancels.
        Span<double> corrected = stackalloc double[LinearStep.MaxDenoised];
        corrected.Clear();
        if (evaluation > 0)
        {
            int order = OrderOf(levels, evaluation - 1);
            Add(corrected, levels, evaluation - 1, order, isCorrector: true, sign: 1);
            Add(corrected, levels, evaluation - 1, order, isCorrector: false, sign: -1);
        }

        Span<double> predicted = stackalloc double[LinearStep.MaxDenoised];
        predicted.Clear();
        Add(predicted, levels, evaluation, OrderOf(levels, evaluation), isCorrector: false, sign: 1);

        LinearStep step = default;
        step.Sample = s.Sigma / t.Sigma;
        step.Target = s;
        step.Denoised[0] = predicted[1] + (step.Sample * corrected[0]);
        for (int k = 1; k < LinearStep.MaxDenoised - 1; k++)
        {
            step.Denoised[k] = predicted[k + 1] + (step.Sample * corrected[k]);
        }

        return step;
    }

    // Few estimates at the start, and λ = ∞ at the end, allow less than the full order.
    private int OrderOf(ReadOnlySpan<NoiseLevel> levels, int evaluation) => Math.Min(
        Math.Min(_order, evaluation + 1),
        _lowersOrder || levels[^1].IsClean ? levels.Length - 1 - evaluation : MaxOrder);

    // [Zhao23, Thm. 3.1] x' = (σ_s/σ_t)·x - α_s·(e^(-h) - 1)·D_1 - α_s·B(h)·Σ_k a_k·(D_(k+1) - D_1)/r_k, where the
    // corrector's sum has one more term, the new estimate D_0 at r = 1. Ages count from the evaluation after the step.
    private void Add(
        Span<double> factors, ReadOnlySpan<NoiseLevel> levels, int evaluation, int order, bool isCorrector, double sign)
    {
        (NoiseLevel t, NoiseLevel s) = (levels[evaluation], levels[evaluation + 1]);
        double h = s.Lambda - t.Lambda;
        double phi1 = double.ExpM1(-h);
        factors[1] -= sign * s.Alpha * phi1;
        int terms = isCorrector ? order : order - 1;
        if (terms == 0 || h == 0)
        {
            return;
        }

        Span<double> ratios = stackalloc double[MaxOrder];
        for (int k = 0; k < order - 1; k++)
        {
            ratios[k] = (levels[evaluation - 1 - k].Lambda - t.Lambda) / h;
        }

        ratios[order - 1] = 1;
        Span<double> weights = stackalloc double[MaxOrder];
        double scale = _isBh2 ? phi1 : -h;
        UniPcWeights.Solve(weights, ratios, terms, h, scale);
        for (int k = 0; k < terms; k++)
        {
            // The estimate at r_k: an earlier one, or the new one at r = 1.
            int age = k == order - 1 ? 0 : k + 2;
            double factor = sign * s.Alpha * scale * weights[k] / ratios[k];
            factors[age] -= factor;
            factors[1] += factor;
        }
    }
}
