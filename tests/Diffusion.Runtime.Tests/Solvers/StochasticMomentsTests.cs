using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests.Solvers;

/// <summary>
/// The exact mean and variance of what each stochastic solver gives for Gaussian data. The solver's coefficients run on
/// orthogonal vectors; the expectation is a recursion on mean and covariance with the papers' steps. Nothing is drawn.
/// </summary>
public sealed class StochasticMomentsTests
{
    // Rounding of a chain of a dozen steps, relative to values of up to σ² = 6400; Simpson's rule is closer.
    private const double Tolerance = 1e-10;
    private const int Steps = 12;

    private static readonly GaussianChain _data = new(Mean: 0.4, Deviation: 0.5);
    private static readonly PaperSteps _paper = new(0.4, 0.25);

    [Theory]
    [InlineData("ddpm")]
    [InlineData("ddpm-large")]
    [InlineData("euler-ancestral")]
    [InlineData("reverse-diffusion")]
    [InlineData("consistency")]
    [InlineData("dpmpp-1-sde")]
    [InlineData("dpmpp-2m-sde")]
    [InlineData("dpmpp-3m-sde")]
    public void Plan_AnyStochasticSolver_HasTheMomentsOfItsPapersStep(string name)
    {
        foreach (string schedule in (string[])["linear", "cosine", "vp", "ve", "edm", "vdm", "sub-vp"])
        {
            foreach (StepSpacing spacing in Enum.GetValues<StepSpacing>())
            {
                AssertMoments(name, StepGrid.Create(NoiseSchedules.Parse(schedule), spacing, Steps), _ => double.NaN);
            }
        }
    }

    [Fact]
    public void Plan_EulerMaruyama_HasTheMomentsOfItsPapersStep()
    {
        const double LogRange = 8.5171931914162380; // ln(50/0.01)
        NoiseLevel[] preserving = StepGrid.Create(new VpSchedule(), StepSpacing.Trailing, Steps);
        NoiseLevel[] exploding = StepGrid.Create(new VeSchedule(), StepSpacing.Trailing, Steps);

        AssertMoments("euler-maruyama", preserving, time => 0.1 + (19.9 * time));
        AssertMoments("euler-maruyama", exploding, time => 2 * LogRange * Math.Pow(0.01 * Math.Exp(LogRange * time), 2));
    }

    [Theory]
    [InlineData("vp", 0.16)]
    [InlineData("ve", 0.16)]
    [InlineData("linear", 0.4)]
    public void Plan_PredictorCorrector_HasTheMomentsOfItsPapersSteps(string scheduleName, double snr)
    {
        NoiseSchedule schedule = NoiseSchedules.Parse(scheduleName);
        NoiseLevel[] levels = StepGrid.Create(schedule, StepSpacing.Trailing, Steps);
        PredictorCorrectorSolver solver = new(snr);
        (double mean, double variance) = (0, levels[0].Sigma * levels[0].Sigma);
        for (int n = 0; n < Steps; n++)
        {
            PaperSteps.Step predictor = _paper.Of("reverse-diffusion", levels, n, _ => double.NaN);
            (double slope, double offset) = _paper.Denoiser(levels[n]);
            double factor = predictor.X + (predictor.D0 * slope);
            mean = (factor * mean) + (predictor.D0 * offset) + predictor.Offset;
            variance = (factor * factor * variance) + (predictor.Noise * predictor.Noise);
            if (n == Steps - 1)
            {
                break;
            }

            // [Song21SDE, Alg. 4] ε = 2·(r·‖z‖/‖g‖)², x' = x + ε·g + √(2ε)·z, the norms by their expectations
            (slope, offset) = _paper.Score(levels[n + 1]);
            double gradient = (slope * mean) + offset;
            double epsilon = 2 * snr * snr / ((gradient * gradient) + (slope * slope * variance));
            mean += epsilon * gradient;
            variance = (Math.Pow(1 + (epsilon * slope), 2) * variance) + (2 * epsilon);
        }

        (double actualMean, double actualVariance) = _data.Moments(solver, solver.PlaceEvaluations(levels, schedule));

        AssertClose(mean, actualMean, scheduleName);
        AssertClose(variance, actualVariance, scheduleName);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(1)]
    public void Plan_DdimWithEta_HasTheMomentsOfItsPapersStep(double eta)
    {
        NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Linear(), StepSpacing.Trailing, Steps);
        (double mean, double variance) = (0, levels[0].Sigma * levels[0].Sigma);
        for (int n = 0; n < Steps; n++)
        {
            (NoiseLevel t, NoiseLevel s) = (levels[n], levels[n + 1]);
            (double alphaBarT, double alphaBarS) = (t.Alpha * t.Alpha, s.Alpha * s.Alpha);

            // [Song21DDIM, Eq. 12 and 16], ε = -√(1 - ᾱ)·score
            double sigma = eta * Math.Sqrt((1 - alphaBarS) / (1 - alphaBarT) * (1 - (alphaBarT / alphaBarS)));
            double direction = Math.Sqrt(Math.Max(0, 1 - alphaBarS - (sigma * sigma)));
            (double slope, double offset) = _paper.Score(t);
            double root = Math.Sqrt(1 - alphaBarT);
            double ofX = (Math.Sqrt(alphaBarS / alphaBarT) * (1 + (root * root * slope))) - (direction * root * slope);
            double ofOne = (Math.Sqrt(alphaBarS / alphaBarT) * root * root * offset) - (direction * root * offset);
            mean = (ofX * mean) + ofOne;
            variance = (ofX * ofX * variance) + (sigma * sigma);
        }

        (double actualMean, double actualVariance) = _data.Moments(new DdimSolver(eta), levels);

        AssertClose(mean, actualMean, "ddim");
        AssertClose(variance, actualVariance, "ddim");
    }

    [Fact]
    public void Plan_LearnedVariance_RangesFromBetaTildeToBeta()
    {
        BetaSchedule table = NoiseSchedules.Linear();
        NoiseLevel[] levels = StepGrid.Create(table, StepSpacing.Trailing, 1000);
        for (int n = 0; n < 998; n++)
        {
            double beta = 1e-4 + (0.0199 * (999 - n) / 999);
            double alphaBarT = levels[n].Alpha * levels[n].Alpha;
            LinearStep step = new DdpmSolver(DdpmVariance.Learned).Plan(levels, n);

            // [Nichol21, Eq. 15]
            Assert.Equal(Math.Log(beta), step.LogVarianceHigh, 1e-9);
            Assert.Equal(
                Math.Log((1 - (alphaBarT / (1 - beta))) / (1 - alphaBarT) * beta), step.LogVarianceLow, 1e-8);
        }
    }

    /// <summary>
    /// [Ho20, Eq. 5] term by term in closed form: with the optimal variance L_(t-1) = ½·ln(σ*²/β̃), the decoder's and the
    /// prior's terms are those of the marginals, and their sum is the entropy at any number of steps.
    /// </summary>
    [Theory]
    [InlineData("linear", 1)]
    [InlineData("linear", 10)]
    [InlineData("cosine", 50)]
    [InlineData("vp", 1000)]
    public void OfStep_TermsOfTheBound_SumToTheEntropy(string schedule, int steps)
    {
        NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Parse(schedule), StepSpacing.Trailing, steps);
        CleanVariance curve = _data.CleanVariance(levels);
        NoiseLevel last = levels[0];
        double marginal = (last.Alpha * last.Alpha * _data.Variance) + (last.Sigma * last.Sigma);
        double bound = 0.5 * Math.Log(marginal / (last.Sigma * last.Sigma));
        for (int n = 0; n < steps; n++)
        {
            Posterior posterior = Posterior.Between(levels[n], levels[n + 1]);
            double best = curve.OfStep(posterior.Variance, posterior.Clean, levels[n]);
            double missed = posterior.Clean * posterior.Clean * curve.At(levels[n]);
            bound += n == steps - 1
                ? 0.5 * (Math.Log(2 * Math.PI * best) + (missed / best))
                : 0.5 * (Math.Log(best / posterior.Variance) + ((posterior.Variance + missed) / best) - 1);
        }

        Assert.Equal(0.5 * Math.Log(2 * Math.PI * Math.E * _data.Variance), bound, Tolerance);
    }

    private static void AssertMoments(string name, NoiseLevel[] levels, Func<double, double> rates)
    {
        // x and the two estimates before: mean and covariance.
        double[] mean = new double[3];
        double[,] covariance = new double[3, 3];
        covariance[0, 0] = levels[0].Sigma * levels[0].Sigma;
        for (int n = 0; n < levels.Length - 1; n++)
        {
            PaperSteps.Step step = _paper.Of(name, levels, n, rates);
            (double slope, double offset) = _paper.Denoiser(levels[n]);
            double[,] map = new double[,]
            {
                { step.X + (step.D0 * slope), step.D1, step.D2 },
                { slope, 0, 0 },
                { 0, 1, 0 },
            };
            double[] offsets = [step.Offset + (step.D0 * offset), offset, 0];
            mean = [.. Enumerable.Range(0, 3).Select(i => offsets[i] + Enumerable.Range(0, 3).Sum(j => map[i, j] * mean[j]))];
            covariance = Carry(map, covariance);
            covariance[0, 0] += step.Noise * step.Noise;
        }

        (double actualMean, double actualVariance) = _data.Moments(SolverCatalog.Parse(name), levels);

        AssertClose(mean[0], actualMean, name);
        AssertClose(covariance[0, 0], actualVariance, name);
    }

    private static double[,] Carry(double[,] map, double[,] covariance)
    {
        double[,] result = new double[3, 3];
        for (int i = 0; i < 3; i++)
        {
            for (int j = 0; j < 3; j++)
            {
                for (int k = 0; k < 9; k++)
                {
                    result[i, j] += map[i, k / 3] * covariance[k / 3, k % 3] * map[j, k % 3];
                }
            }
        }

        return result;
    }

    private static void AssertClose(double expected, double actual, string label) => Assert.True(
        Math.Abs(expected - actual) <= Tolerance * Math.Max(1, Math.Abs(expected)), $"{label}: {actual}, not {expected}");
}
