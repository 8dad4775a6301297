using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>First-order steps in the schedule's own time, for the reverse SDE and the probability-flow ODE.</summary>
internal static class TimeSteps
{
    /// <summary>
    /// x' = x - (f·x - share·g²·score)·Δt (+ g·√Δt·z), score = (α·D - x)/σ². [Song21SDE, Eq. 6 and Sec. 4.3]
    /// </summary>
    public static LinearStep Plan(NoiseLevel t, NoiseLevel s, double scoreShare, bool isStochastic)
    {
        LinearStep step = default;
        step.Target = s;
        if (s.IsClean)
        {
            step.Denoised[0] = 1;
            return step;
        }

        double duration = t.Time - s.Time;
        double pull = scoreShare * t.DiffusionSquared * duration / (t.Sigma * t.Sigma);
        step.Sample = 1 - (t.Drift * duration) - pull;
        step.Denoised[0] = t.Alpha * pull;
        step.Noise = isStochastic ? Math.Sqrt(t.DiffusionSquared * duration) : 0;
        return step;
    }
}
