using CsCheck;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Tests.Denoising;

public sealed class PreconditioningTests
{
    // Float64 rounding, magnified by 1/α, at most 160 on the linear schedule.
    private const double Rounding = 1e-12;

    private static readonly NoiseSchedule _linear = NoiseSchedules.Linear();

    [Fact]
    public void For_PerfectNetwork_RecoversTheCleanImage() => Gen.Select(
        Gen.Double[0, 999], Gen.Double[-1, 1], Gen.Double[-4, 4]).Sample((time, clean, noise) =>
    {
        NoiseLevel level = _linear.At(time);
        double x = (level.Alpha * clean) + (level.Sigma * noise);
        double velocity = (level.Alpha * noise) - (level.Sigma * clean);

        Assert.Equal(clean, Estimate(PredictionType.Epsilon, noise), Rounding);
        Assert.Equal(clean, Estimate(PredictionType.Sample, clean), Rounding);
        Assert.Equal(clean, Estimate(PredictionType.VPrediction, velocity), Rounding);

        double Estimate(PredictionType type, double output)
        {
            Preconditioning p = Preconditioning.For(type, level, _linear.NetworkTime(time));
            Assert.Equal((1, time), (p.CIn, p.CNoise));
            return (p.CSkip * x) + (p.COut * output);
        }
    });

    [Theory]
    [InlineData("epsilon", PredictionType.Epsilon)]
    [InlineData("sample", PredictionType.Sample)]
    [InlineData("v_prediction", PredictionType.VPrediction)]
    public void Parse_DiffusersName_RoundTrips(string name, PredictionType type)
    {
        Assert.Equal(type, PredictionTypes.Parse(name));
        Assert.Equal(name, type.Name());
    }

    [Fact]
    public void Parse_UnknownName_ListsTheKnown()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => PredictionTypes.Parse("flow"));

        Assert.Contains("'flow'; known are epsilon, sample, v_prediction", error.Message, StringComparison.Ordinal);
    }
}
