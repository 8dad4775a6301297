using Diffusion.Runtime.Numerics;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests.Solvers;

/// <summary>
/// The order of the deterministic solvers on a mixture of two Gaussians, whose denoiser is closed form and not linear
/// in x. The reference is <see cref="RungeKutta45"/> on the probability-flow ODE in the schedule's time.
/// </summary>
public sealed class MixtureOrderTests
{
    // Halving a step divides the error by 2^order up to the next term, still visible at these step counts.
    private const double OrderTolerance = 0.3;
    private const int Steps = 160;
    private const double Start = 0.7;

    // Far below the smallest solver error, about 1e-9.
    private const double ReferenceTolerance = 1e-13;

    private static readonly (double Weight, double Mean, double Deviation)[] _parts =
        [(0.3, -0.8, 0.2), (0.7, 0.6, 0.3)];

    private static readonly VpSchedule _schedule = new();

    [Theory]
    [MemberData(nameof(SolverOrders.All), MemberType = typeof(SolverOrders))]
    public void Plan_HalvedStepsOnAMixture_ConvergesWithItsOrder(string name, int order)
    {
        Solver solver = SolverCatalog.Parse(name);

        double measured = Math.Log2(Error(solver, Steps) / Error(solver, 2 * Steps));

        Assert.InRange(measured, order - OrderTolerance, order + OrderTolerance);
    }

    [Fact]
    public void Flow_BetweenTheMarginals_KeepsTheShareBelow()
    {
        // In one dimension the flow is monotone and carries marginal to marginal, so it keeps the cumulative
        // distribution.
        (NoiseLevel from, NoiseLevel to) = (_schedule.AtLambda(-4), _schedule.AtLambda(2));
        foreach (double x in (double[])[-1.5, -0.2, 0.7, 1.1])
        {
            Assert.Equal(ShareBelow(x, from), ShareBelow(Flow(x, from, to), to), 1e-9);
        }
    }

    private static double Error(Solver solver, int stepCount)
    {
        // Evenly in λ over a fixed interval; three levels beyond it keep the lower orders of a chain's last steps out.
        NoiseLevel[] levels =
            [.. Enumerable.Range(0, stepCount + 4).Select(i => _schedule.AtLambda(-4 + (6.0 * i / stepCount)))];
        NoiseLevel[] evaluations = solver.PlaceEvaluations(levels, _schedule);
        int updates = Array.LastIndexOf(evaluations, levels[stepCount]);

        // A multistep solver's first steps have too little history for its order: they are taken as exact.
        int exactSteps = solver.HistoryLength > 1 ? 5 : 0;
        List<double> samples = [Start];
        List<double> denoised = [];
        for (int n = 0; n < updates; n++)
        {
            denoised.Add(Denoise(samples[n], evaluations[n]));
            samples.Add(n < exactSteps
                ? Flow(samples[n], evaluations[n], evaluations[n + 1])
                : Update(solver.Plan(evaluations, n), samples, denoised));
        }

        return Math.Abs(samples[^1] - Flow(Start, levels[0], levels[stepCount]));
    }

    private static double Update(LinearStep step, List<double> samples, List<double> denoised)
    {
        double next = step.Sample * samples[^1];
        for (int k = 0; k < LinearStep.MaxDenoised; k++)
        {
            next += step.Denoised[k] == 0 ? 0 : step.Denoised[k] * denoised[^(k + 1)];
            next += k == 0 || step.EarlierSamples[k - 1] == 0 ? 0 : step.EarlierSamples[k - 1] * samples[^(k + 1)];
        }

        return next;
    }

    /// <summary>dx/dt = f·x - ½·g²·score, score = (α·D - x)/σ².</summary>
    private static double Flow(double x, NoiseLevel from, NoiseLevel to)
    {
        double[] state = [x];
        new RungeKutta45(1, ReferenceTolerance, ReferenceTolerance).Integrate(
            (time, y, derivative) =>
            {
                NoiseLevel level = _schedule.At(time);
                double score = ((level.Alpha * Denoise(y[0], level)) - y[0]) / (level.Sigma * level.Sigma);
                derivative[0] = (level.Drift * y[0]) - (0.5 * level.DiffusionSquared * score);
            },
            from.Time,
            to.Time,
            state);
        return state[0];
    }

    /// <summary>E[x_0 | x]: each part's own line, weighed by how likely x is to come from it.</summary>
    private static double Denoise(double x, NoiseLevel level)
    {
        (double sum, double weights) = (0, 0);
        foreach ((double weight, double mean, double deviation) in _parts)
        {
            double variance = (level.Alpha * level.Alpha * deviation * deviation) + (level.Sigma * level.Sigma);
            double offset = x - (level.Alpha * mean);
            double share = weight * Math.Exp(-0.5 * offset * offset / variance) / Math.Sqrt(variance);
            sum += share * (mean + (level.Alpha * deviation * deviation / variance * offset));
            weights += share;
        }

        return sum / weights;
    }

    private static double ShareBelow(double x, NoiseLevel level) => _parts.Sum(part =>
    {
        double deviation = Math.Sqrt(
            (level.Alpha * level.Alpha * part.Deviation * part.Deviation) + (level.Sigma * level.Sigma));
        double upper = level.Alpha * part.Mean;

        // The normal distribution's cumulative function by Simpson's rule from 12 deviations below, accurate to 1e-12.
        const int Panels = 4000;
        double low = upper - (12 * deviation);
        double width = (x - low) / Panels;
        double sum = 0;
        for (int i = 0; i <= Panels; i++)
        {
            double z = (low + (i * width) - upper) / deviation;
            sum += (i is 0 or Panels ? 1 : i % 2 == 1 ? 4 : 2) * Math.Exp(-0.5 * z * z);
        }

        return part.Weight * sum * width / (3 * deviation * Math.Sqrt(2 * Math.PI));
    });
}
