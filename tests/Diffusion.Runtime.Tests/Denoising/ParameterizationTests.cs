using CsCheck;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Tests.Denoising;

public sealed class ParameterizationTests
{
    // Rounding magnified by σ/α of at most 200.
    private const double Tolerance = 1e-9;

    private static readonly string[] _schedules = ["linear", "vp", "sub-vp", "ve", "edm", "vdm"];

    [Fact]
    public void ToClean_OfFromClean_IsTheCleanImage() =>
        Gen.Select(Gen.Enum<PredictionType>(), Level, Gen.Double[-1, 1], Gen.Double[-4, 4])
        .Sample((type, level, clean, noise) =>
        {
            double x = (level.Alpha * clean) + (level.Sigma * noise);
            double value = Parameterization.FromClean(type, level, x, clean);
            Assert.Equal(clean, Parameterization.ToClean(type, level, x, value), Tolerance);
        });

    [Fact]
    public void FromClean_EachType_IsItsDefinition() =>
        Gen.Select(Level, Gen.Double[-1, 1], Gen.Double[-4, 4]).Sample((level, clean, noise) =>
        {
            (double alpha, double sigma) = (level.Alpha, level.Sigma);
            double x = (alpha * clean) + (sigma * noise);
            Assert.Equal(noise, From(PredictionType.Epsilon), 1e-6);
            Assert.Equal(clean, From(PredictionType.Sample), Tolerance);

            // v = α·ε - σ·x_0 [Salimans22, Sec. 4]; score = -ε/σ [Song21SDE, Sec. 3.3]
            Assert.Equal((alpha * noise) - (sigma * clean), From(PredictionType.VPrediction), 1e-6 * (1 + sigma));
            Assert.Equal(-noise / sigma, From(PredictionType.Score), 1e-6 * (1 + (1 / (sigma * sigma))));

            double From(PredictionType type) => Parameterization.FromClean(type, level, x, clean);
        });

    [Fact]
    public void For_Edm_GivesInputAndTargetUnitVariance()
    {
        // [Karras22, App. B.6] the requirements from which the scalars are derived, for data of deviation σ_data.
        const double SigmaData = 0.7;
        foreach (double sigma in (double[])[0.01, 0.5, 3, 60])
        {
            NoiseLevel level = new EdmSchedule().At(sigma);
            Preconditioning p = Preconditioning.For(PredictionType.Edm, level, 0, SigmaData);
            double variance = (SigmaData * SigmaData) + (sigma * sigma);
            Assert.Equal(1, p.CIn * p.CIn * variance, 1e-12);

            // F = (x_0 - cSkip·(x_0 + σ·ε))/cOut
            double data = (1 - p.CSkip) * SigmaData;
            double target = ((data * data) + (p.CSkip * p.CSkip * sigma * sigma)) / (p.COut * p.COut);
            Assert.Equal(1, target, 1e-12);
        }
    }

    [Fact]
    public void Across_OtherSchedule_GivesTheNetworkItsOwnSample() =>
        Gen.Select(Gen.OneOf(_schedules.Select(Gen.Const).ToArray()), Gen.Double[-4, 4], Gen.Double[-1, 1], Gen.Double[-3, 3])
        .Sample((name, lambda, clean, noise) =>
        {
            NoiseSchedule trained = NoiseSchedules.Cosine();
            NoiseLevel level = NoiseSchedules.Parse(name).AtLambda(lambda);
            NoiseLevel own = trained.AtLambda(lambda);
            Preconditioning p = Preconditioning.Across(PredictionType.VPrediction, level, trained);

            double x = (level.Alpha * clean) + (level.Sigma * noise);
            Assert.Equal((own.Alpha * clean) + (own.Sigma * noise), p.CIn * x, Tolerance);
            Assert.Equal(trained.NetworkTime(own.Time), p.CNoise, Tolerance);
            double velocity = (own.Alpha * noise) - (own.Sigma * clean);
            Assert.Equal(clean, (p.CSkip * x) + (p.COut * velocity), Tolerance);
        });

    [Fact]
    public void GuidanceInterval_Ends_ExcludeTheLowerAndIncludeTheUpper()
    {
        EdmSchedule schedule = new();
        GuidanceInterval interval = new(0.5, 4);
        Assert.False(interval.Contains(schedule.At(0.5)));
        Assert.True(interval.Contains(schedule.At(0.6)));
        Assert.True(interval.Contains(schedule.At(4)));
        Assert.False(interval.Contains(schedule.At(4.1)));
        Assert.True(GuidanceInterval.All.Contains(schedule.At(80)));
    }

    [Fact]
    public void CleanVariance_BetweenAndBeyondItsPoints_IsLinearAndConstant()
    {
        CleanVariance curve = new([-1, 1], [0.4, 0.2]);
        NoiseSchedule schedule = NoiseSchedules.Cosine();
        Assert.Equal(0.3, curve.At(schedule.AtLambda(0)), Tolerance);
        Assert.Equal(0.4, curve.At(schedule.AtLambda(-3)), Tolerance);
        Assert.Equal(0.2, curve.At(schedule.AtLambda(3)), Tolerance);
        Assert.Equal(0, curve.At(NoiseLevel.Clean));
    }

    [Theory]
    [InlineData(new double[0], new double[0])]
    [InlineData(new[] { 1.0, 0.0 }, new[] { 0.1, 0.1 })]
    [InlineData(new[] { 0.0 }, new[] { -0.1 })]
    [InlineData(new[] { 0.0 }, new[] { double.NaN })]
    [InlineData(new[] { 0.0, 1.0 }, new[] { 0.1 })]
    public void CleanVariance_PointsThatBreakARule_Throws(double[] lambdas, double[] variances) =>
        Assert.Throws<ArgumentException>(() => new CleanVariance(lambdas, variances));

    private static Gen<NoiseLevel> Level =>
        Gen.Select(Gen.OneOf(_schedules.Select(Gen.Const).ToArray()), Gen.Double[-5, 5])
            .Select((name, lambda) => NoiseSchedules.Parse(name).AtLambda(lambda));
}
