using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests.Solvers;

/// <summary>
/// Data N(m, s²), whose denoiser is closed form: D(x) = m + α·s²/(α²·s² + σ²)·(x - α·m). With it every solver is an
/// affine map of the starting noise and of the noise of its steps. Sample and estimates are kept as vectors over (1,
/// start, z_1, z_2, ...), which are orthogonal, so that the output's mean and variance are exact, without sampling.
/// </summary>
internal readonly record struct GaussianChain(double Mean, double Deviation)
{
    public double Variance => Deviation * Deviation;

    /// <summary>v(λ) of this data, the same at every x: s²·σ²/(α²·s² + σ²).</summary>
    public CleanVariance CleanVariance(ReadOnlySpan<NoiseLevel> levels)
    {
        SortedDictionary<double, double> curve = [];
        foreach (NoiseLevel level in levels)
        {
            if (!level.IsClean)
            {
                curve[level.Lambda] = Variance * level.Sigma * level.Sigma / Marginal(level);
            }
        }

        return new CleanVariance(curve.Keys, curve.Values);
    }

    public double Gain(NoiseLevel level) => level.Alpha * Variance / Marginal(level);

    public double Denoise(double x, NoiseLevel level) => Mean + (Gain(level) * (x - (level.Alpha * Mean)));

    /// <summary>Runs a chain from x; the noise that its steps add is taken as 0 unless it is given.</summary>
    /// <param name="solver">The solver.</param>
    /// <param name="levels">Its evaluations.</param>
    /// <param name="x">Where it starts.</param>
    /// <param name="steps">How many updates, or all.</param>
    /// <param name="exactSteps">How many of them, at the start, follow the ODE's own solution instead.</param>
    /// <param name="noise">The value of z for each update, or null for 0.</param>
    public double Run(
        Solver solver,
        ReadOnlySpan<NoiseLevel> levels,
        double x,
        int steps = int.MaxValue,
        int exactSteps = 0,
        Func<int, double>? noise = null)
    {
        double[] end = Propagate(solver, levels, Constant(x, levels.Length + 1), steps, exactSteps)[^1];
        return end[0] + end.Skip(2).Select((factor, n) => noise is null ? 0 : factor * noise(n)).Sum();
    }

    /// <summary>
    /// Mean and variance at the end of a chain that starts from σ·z, or from the data's own marginal there.
    /// </summary>
    public (double Mean, double Variance) Moments(Solver solver, ReadOnlySpan<NoiseLevel> levels, bool fromMarginal = false)
    {
        double[] start = Constant(fromMarginal ? levels[0].Alpha * Mean : 0, levels.Length + 1);
        start[1] = fromMarginal ? Math.Sqrt(Marginal(levels[0])) : levels[0].Sigma;
        double[] end = Propagate(solver, levels, start, int.MaxValue)[^1];
        return (end[0], end.Skip(1).Sum(value => value * value));
    }

    /// <summary>The probability-flow ODE's solution: (x - α·m)/√(α²s² + σ²) does not change along it.</summary>
    public double Flow(double x, NoiseLevel from, NoiseLevel to) =>
        (to.Alpha * Mean) + ((x - (from.Alpha * Mean)) * Math.Sqrt(Marginal(to) / Marginal(from)));

    private double Marginal(NoiseLevel level) =>
        (level.Alpha * level.Alpha * Variance) + (level.Sigma * level.Sigma);

    private double[][] Propagate(Solver solver, ReadOnlySpan<NoiseLevel> levels, double[] start, int steps, int exactSteps = 0)
    {
        List<double[]> samples = [start];
        List<double[]> denoised = [];
        for (int n = 0; n < Math.Min(steps, levels.Length - 1); n++)
        {
            double[] x = samples[n];
            NoiseLevel level = levels[n];
            double gain = Gain(level);
            double[] d = Array.ConvertAll(x, value => gain * value);
            d[0] += Mean * (1 - (gain * level.Alpha));
            denoised.Add(d);

            if (n < exactSteps)
            {
                samples.Add(Constant(Flow(start[0], levels[0], levels[n + 1]), levels.Length + 1));
                continue;
            }

            LinearStep step = solver.Plan(levels, n);
            double[] next = new double[x.Length];
            double noise = step.Noise;
            if (step.Langevin > 0)
            {
                // In many dimensions ‖z‖² and ‖g‖² are their expectations.
                double[] score = new double[x.Length];
                Add(score, step.Sample, x);
                Add(score, step.Denoised[0], d);
                double epsilon = step.Langevin / score.Sum(value => value * value);
                Add(next, 1, x);
                Add(next, epsilon, score);
                noise = Math.Sqrt(2 * epsilon);
            }
            else
            {
                Add(next, step.Sample, x);
                for (int k = 0; k < LinearStep.MaxDenoised; k++)
                {
                    Add(next, step.Denoised[k], step.Denoised[k] == 0 ? d : denoised[n - k]);
                    Add(next, k == 0 ? 0 : step.EarlierSamples[k - 1],
                        k == 0 || step.EarlierSamples[k - 1] == 0 ? x : samples[n - k]);
                }
            }

            next[n + 2] += noise;
            samples.Add(next);
        }

        return [.. samples];
    }

    private static double[] Constant(double value, int length)
    {
        double[] vector = new double[Math.Max(2, length + 1)];
        vector[0] = value;
        return vector;
    }

    private static void Add(double[] sum, double factor, double[] term)
    {
        if (factor != 0)
        {
            for (int i = 0; i < sum.Length; i++)
            {
                sum[i] += factor * term[i];
            }
        }
    }
}
