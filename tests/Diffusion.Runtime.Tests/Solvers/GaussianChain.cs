using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests.Solvers;

/// <summary>
/// Data N(m, s²), whose denoiser is closed form: D(x) = m + α·s²/(α²·s² + σ²)·(x - α·m). With it every solver is an
/// affine map of the starting noise, so that its output's mean and deviation follow from the coefficients, without
/// sampling.
/// </summary>
internal readonly record struct GaussianChain(double Mean, double Deviation)
{
    public double Gain(NoiseLevel level)
    {
        double variance = Deviation * Deviation;
        return level.Alpha * variance / ((level.Alpha * level.Alpha * variance) + (level.Sigma * level.Sigma));
    }

    public double Denoise(double x, NoiseLevel level) => Mean + (Gain(level) * (x - (level.Alpha * Mean)));

    /// <summary>Runs a chain from x with no noise but what the steps add, which is taken as 0.</summary>
    public double Run(Solver solver, ReadOnlySpan<NoiseLevel> levels, double x)
    {
        Span<double> history = stackalloc double[LinearStep.MaxDenoised];
        for (int n = 0; n < levels.Length - 1; n++)
        {
            for (int k = history.Length - 1; k > 0; k--)
            {
                history[k] = history[k - 1];
            }

            history[0] = Denoise(x, levels[n]);
            LinearStep step = solver.Plan(levels, n);
            x *= step.Sample;
            for (int k = 0; k < history.Length; k++)
            {
                x += step.Denoised[k] * history[k];
            }
        }

        return x;
    }

    /// <summary>Mean and variance at the end of a chain without history that starts from σ·z.</summary>
    public (double Mean, double Variance) Propagate(Solver solver, ReadOnlySpan<NoiseLevel> levels)
    {
        double mean = 0;
        double variance = levels[0].Sigma * levels[0].Sigma;
        for (int n = 0; n < levels.Length - 1; n++)
        {
            LinearStep step = solver.Plan(levels, n);
            double slope = step.Sample + (step.Denoised[0] * Gain(levels[n]));
            mean = (step.Sample * mean) + (step.Denoised[0] * Denoise(mean, levels[n]));
            variance = (slope * slope * variance) + (step.Noise * step.Noise);
        }

        return (mean, variance);
    }

    /// <summary>The probability-flow ODE's solution: (x - α·m)/√(α²s² + σ²) does not change along it.</summary>
    public double Flow(double x, NoiseLevel from, NoiseLevel to) =>
        (to.Alpha * Mean) + ((x - (from.Alpha * Mean)) * Spread(to) / Spread(from));

    private double Spread(NoiseLevel level) =>
        Math.Sqrt((level.Alpha * level.Alpha * Deviation * Deviation) + (level.Sigma * level.Sigma));
}
