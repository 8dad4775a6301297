using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>
/// The reverse-diffusion sampler: the forward step's own discretisation, run back. [Song21SDE, App. E]
/// </summary>
/// <remarks>Immutable; any thread.</remarks>
public sealed class ReverseDiffusionSolver : Solver
{
    /// <inheritdoc/>
    public override string Name => "reverse-diffusion";

    /// <inheritdoc/>
    public override int HistoryLength => 0;

    /// <inheritdoc/>
    public override bool IsStochastic => true;

    /// <inheritdoc/>
    public override LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation) =>
        Plan(levels[evaluation], levels[evaluation + 1]);

    /// <summary>The step from one level to another; onto the clean image it is the clean estimate.</summary>
    internal static LinearStep Plan(NoiseLevel t, NoiseLevel s)
    {
        LinearStep step = default;
        step.Target = s;
        if (s.IsClean)
        {
            step.Denoised[0] = 1;
            return step;
        }

        // [Song21SDE, App. E] x' = x - f + G²·score + G·z, with f = (α_t|s - 1)·x and G² = σ²_t|s
        Posterior forward = Posterior.Between(t, s);
        double pull = forward.ForwardVariance / (t.Sigma * t.Sigma);
        step.Sample = 2 - forward.ForwardScale - pull;
        step.Denoised[0] = t.Alpha * pull;
        step.Noise = Math.Sqrt(forward.ForwardVariance);
        return step;
    }
}
