using CsCheck;
using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Tests.Schedules;

public sealed class BetaScheduleTests
{
    // Float64 rounding accumulated over a table of 1000 products.
    private const double Rounding = 1e-12;

    // A time of up to 1000 recovered through λ near the clean end, where ln α is tiny.
    private const double TimeTolerance = 1e-6;

    [Theory]
    [InlineData("linear")]
    [InlineData("cosine")]
    public void At_IntegerTime_IsTheProductOfTheTable(string name)
    {
        NoiseSchedule schedule = NoiseSchedules.Parse(name);
        double alphaBar = 1;
        for (int t = 0; t < 1000; t++)
        {
            alphaBar *= 1 - Beta(name, t);
            NoiseLevel level = schedule.At(t);
            Assert.Equal(1, level.Alpha * level.Alpha / alphaBar, Rounding);
            Assert.Equal(1 - alphaBar, level.Sigma * level.Sigma, Rounding);
        }
    }

    [Theory]
    [InlineData("linear", 999, 4.0358e-5)]
    [InlineData("cosine", 999, 2.4e-9)]
    public void At_LastTime_HasThePublishedAlphaBar(string name, int time, double alphaBar)
    {
        double alpha = NoiseSchedules.Parse(name).At(time).Alpha;

        Assert.Equal(1, alpha * alpha / alphaBar, 0.02);
    }

    [Fact]
    public void TimeAtLambda_OfAnyTime_IsTheInverse() =>
        Gen.Select(Gen.Double[0, 999], Gen.Bool).Sample((time, isCosine) =>
    {
        NoiseSchedule schedule = isCosine ? NoiseSchedules.Cosine() : NoiseSchedules.Linear();
        Assert.Equal(time, schedule.TimeAtLambda(schedule.At(time).Lambda), TimeTolerance);
    });

    [Fact]
    public void LogAlphaDerivative_InsideASegment_IsTheDifferenceQuotient() => Gen.Int[0, 998].Sample(left =>
    {
        NoiseSchedule schedule = NoiseSchedules.Linear();
        double quotient = (Math.Log(schedule.At(left + 0.75).Alpha) - Math.Log(schedule.At(left + 0.25).Alpha)) / 0.5;
        Assert.Equal(quotient, schedule.LogAlphaDerivative(left + 0.5), Rounding);
    });

    [Fact]
    public void At_OutsideTheTable_IsClamped()
    {
        NoiseSchedule schedule = NoiseSchedules.Linear();

        Assert.Equal(schedule.At(0), schedule.At(-1));
        Assert.Equal(schedule.At(999), schedule.At(2000));
        Assert.Equal(0, schedule.TimeAtLambda(100));
        Assert.Equal(999, schedule.TimeAtLambda(-100));
    }

    [Fact]
    public void BetaSchedule_BetaOfOne_NamesTheEntry()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => new BetaSchedule("bad", [0.1, 1]));

        Assert.Contains("β_1 is 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_UnknownSchedule_ListsTheKnown()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => NoiseSchedules.Parse("sigmoid"));

        Assert.Contains("'sigmoid'; known are linear, cosine", error.Message, StringComparison.Ordinal);
    }

    // The published formulas once more, written apart from the code under test.
    private static double Beta(string name, int t)
    {
        if (name == "linear")
        {
            return 1e-4 + (t * (0.02 - 1e-4) / 999);
        }

        double before = Math.Cos(((t / 1000.0) + 0.008) / 1.008 * (Math.PI / 2));
        double after = Math.Cos((((t + 1) / 1000.0) + 0.008) / 1.008 * (Math.PI / 2));
        return Math.Min(1 - (after * after / (before * before)), 0.999);
    }
}
