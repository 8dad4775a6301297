using CsCheck;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests.Solvers;

/// <summary>Solvers that are the same map, and those that are a textbook method by another name.</summary>
public sealed class SolverIdentityTests
{
    // Float64 rounding of a handful of operations on numbers near 1.
    private const double Rounding = 1e-12;
    private const double VarianceRounding = 1e-14;

    private static readonly GaussianChain _data = new(Mean: 0.4, Deviation: 0.5);

    [Fact]
    public void Plan_EdmWithoutChurn_IsHeunsMethod()
    {
        // [Karras22, Alg. 1] by hand, for α = 1.
        NoiseLevel[] levels = StepGrid.Create(new EdmSchedule(), StepSpacing.Karras, 6);
        HeunSolver solver = new();
        double x = 80;
        for (int i = 0; i < 6; i++)
        {
            (double sigma, double next) = (levels[i].Sigma, levels[i + 1].Sigma);
            double slope = (x - _data.Denoise(x, levels[i])) / sigma;
            double euler = x + ((next - sigma) * slope);
            double slopeNext = next == 0 ? slope : (euler - _data.Denoise(euler, levels[i + 1])) / next;
            x += (next - sigma) * 0.5 * (slope + slopeNext);
        }

        NoiseLevel[] evaluations = solver.PlaceEvaluations(levels, new EdmSchedule());
        Assert.Equal(11, evaluations.Length - 1);
        Assert.Equal(x, _data.Run(solver, evaluations, 80), 1e-10);
    }

    [Fact]
    public void Plan_EdmWithChurn_HasTheMomentsOfAlgorithmTwo()
    {
        EdmSchedule schedule = new();
        NoiseLevel[] levels = StepGrid.Create(schedule, StepSpacing.Karras, 8);
        HeunSolver solver = new(new EdmChurn(4, 0.05, 50, 1.003));
        NoiseLevel[] evaluations = solver.PlaceEvaluations(levels, schedule);

        // [Karras22, Alg. 2] by hand on mean and variance, since every step is affine in x.
        double mean = 0;
        double variance = evaluations[0].Sigma * evaluations[0].Sigma;
        for (int i = 0; i < 8; i++)
        {
            (double sigma, double next) = (levels[i].Sigma, levels[i + 1].Sigma);
            double gamma = sigma is >= 0.05 and <= 50 ? Math.Min(4.0 / 8, Math.Sqrt(2) - 1) : 0;
            NoiseLevel hat = schedule.AtLambda(-Math.Log(sigma * (1 + gamma)));
            variance += i == 0 ? 0 : 1.003 * 1.003 * ((hat.Sigma * hat.Sigma) - (sigma * sigma));
            double end = Step(mean, hat, levels[i + 1]);
            double slope = Step(mean + 1, hat, levels[i + 1]) - end;
            (mean, variance) = (end, slope * slope * variance);
        }

        (double actualMean, double actualVariance) = _data.Moments(solver, evaluations);
        Assert.Equal(mean, actualMean, 1e-10);
        Assert.Equal(variance, actualVariance, 1e-10);

        static double Step(double x, NoiseLevel hat, NoiseLevel to)
        {
            double slope = (x - _data.Denoise(x, hat)) / hat.Sigma;
            double euler = x + ((to.Sigma - hat.Sigma) * slope);
            double slopeNext = to.IsClean ? slope : (euler - _data.Denoise(euler, to)) / to.Sigma;
            return x + ((to.Sigma - hat.Sigma) * 0.5 * (slope + slopeNext));
        }
    }

    [Theory]
    [InlineData("euler", "ddim")]
    [InlineData("dpmpp-1", "ddim")]
    [InlineData("euler-ancestral", "ddpm")]
    [InlineData("dpmpp-1-sde", "ddpm")]
    public void Plan_TwoNamesOfOneMap_Agree(string one, string other) => Gen.Select(
        Gen.Int[1, 1000], OneOf("linear", "cosine", "cosine-zero-snr"),
        OneOf(Enum.GetValues<StepSpacing>())).Sample(
        (stepCount, schedule, spacing) =>
        {
            NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Parse(schedule), spacing, stepCount);
            for (int n = 0; n < stepCount; n++)
            {
                AssertSame(SolverCatalog.Parse(one).Plan(levels, n), SolverCatalog.Parse(other).Plan(levels, n));
            }
        },
        iter: 30);

    [Fact]
    public void Plan_DdimEtaOne_IsDdpm() =>
        Gen.Select(Gen.Int[1, 1000], OneOf(Enum.GetValues<StepSpacing>()))
        .Sample(
            (stepCount, spacing) =>
            {
                NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Cosine(), spacing, stepCount);
                for (int n = 0; n < stepCount; n++)
                {
                    AssertSame(new DdpmSolver().Plan(levels, n), new DdimSolver(eta: 1).Plan(levels, n));
                }
            },
            iter: 20);

    // diffusers' lower_order_final: order 2 at most for the last step but one of fewer than 15.
    [Theory]
    [InlineData(10, true, 2)]
    [InlineData(14, true, 2)]
    [InlineData(15, true, 3)]
    [InlineData(10, false, 3)]
    public void Plan_LastStepButOneOfThirdOrder_IsLoweredInShortChainsOnly(int steps, bool lowers, int order)
    {
        NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Linear(), StepSpacing.Trailing, steps);
        DpmSolverPlusPlusSolver solver = new(3, lowersOrder: lowers);

        AssertSame(new DpmSolverPlusPlusSolver(order).Plan(levels, steps - 2), solver.Plan(levels, steps - 2));
        AssertSame(new DpmSolverPlusPlusSolver(3).Plan(levels, steps - 3), solver.Plan(levels, steps - 3));
        AssertSame(new DdimSolver().Plan(levels, steps - 1), solver.Plan(levels, steps - 1));
    }

    private static Gen<T> OneOf<T>(params T[] values) => Gen.OneOf(values.Select(Gen.Const).ToArray());

    private static void AssertSame(LinearStep expected, LinearStep actual)
    {
        Assert.Equal(expected.Sample, actual.Sample, Rounding);
        for (int k = 0; k < LinearStep.MaxDenoised; k++)
        {
            Assert.Equal(expected.Denoised[k], actual.Denoised[k], Rounding);
        }

        // Noise is the root of a difference of squares; a root of little would magnify its rounding.
        Assert.Equal(expected.Noise * expected.Noise, actual.Noise * actual.Noise, VarianceRounding);
    }
}
