using CsCheck;
using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Tests.Schedules;

/// <summary>What holds for every schedule, and the closed forms of the continuous ones.</summary>
public sealed class NoiseScheduleTests
{
    private const double Rounding = 1e-10;

    // Central differences over 1e-5 of the range: their own error is of that square, against curvatures below 1e4.
    private const double DifferenceTolerance = 1e-4;

    public static TheoryData<string> Names => [.. NoiseSchedules.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void At_AnyTime_DerivativesAreDifferenceQuotients(string name)
    {
        NoiseSchedule schedule = NoiseSchedules.Parse(name);
        double range = schedule.MaxTime - schedule.MinTime;
        double step = 1e-5 * range;
        Gen.Double[0.02, 0.98].Sample(share =>
        {
            // Off the kinks that a table has at its entries.
            double time = schedule.MinTime + (share * range);
            time = schedule.TableLength is null ? time : Math.Floor(time) + 0.5;
            (NoiseLevel before, NoiseLevel at, NoiseLevel after) =
                (schedule.At(time - step), schedule.At(time), schedule.At(time + step));

            double drift = (Math.Log(after.Alpha) - Math.Log(before.Alpha)) / (2 * step);
            AssertClose(drift, at.Drift);

            // [Song21SDE, Eq. 29] g² = dσ²/dt - 2·f·σ²
            double growth = ((after.Sigma * after.Sigma) - (before.Sigma * before.Sigma)) / (2 * step);
            AssertClose(growth - (2 * drift * at.Sigma * at.Sigma), at.DiffusionSquared);
            AssertClose((after.Lambda - before.Lambda) / (2 * step), schedule.LambdaDerivative(time));
        });

        static void AssertClose(double expected, double actual) =>
            Assert.InRange(actual, expected - Margin(expected), expected + Margin(expected));

        static double Margin(double value) => DifferenceTolerance * (1e-3 + Math.Abs(value));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TimeAtLambda_OfAnyTime_IsTheInverse(string name)
    {
        NoiseSchedule schedule = NoiseSchedules.Parse(name);
        double range = schedule.MaxTime - schedule.MinTime;
        Gen.Double[0, 1].Sample(share =>
        {
            NoiseLevel level = schedule.At(schedule.MinTime + (share * range));
            NoiseLevel again = schedule.AtLambda(level.Lambda);
            Assert.Equal(level.Time / range, again.Time / range, 1e-8);
            Assert.Equal(1, again.Alpha / level.Alpha, Rounding);
            Assert.Equal(1, again.Sigma / level.Sigma, Rounding);
        });
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void AtLambda_BeyondTheEnds_GoesOnWithTheTimeClamped(string name)
    {
        NoiseSchedule schedule = NoiseSchedules.Parse(name);
        double noisiest = schedule.At(schedule.MaxTime).Lambda;
        double cleanest = schedule.At(schedule.MinTime).Lambda;

        NoiseLevel beyond = schedule.AtLambda(noisiest - 1);

        Assert.Equal(noisiest - 1, beyond.Lambda, Rounding);
        Assert.Equal(schedule.MaxTime, beyond.Time);
        Assert.Equal(cleanest + 1, schedule.AtLambda(cleanest + 1).Lambda, Rounding);
    }

    [Theory]
    [InlineData(0.25)]
    [InlineData(0.9)]
    public void VpAndSubVp_AnyTime_AreThePapersClosedForms(double t)
    {
        // [Song21SDE, Eq. 29 to 33] with β(t) = 0.1 + 19.9·t
        double beta = 0.1 + (19.9 * t);
        double integral = (0.1 * t) + (0.5 * 19.9 * t * t);
        NoiseLevel vp = new VpSchedule().At(t);
        NoiseLevel subVp = new SubVpSchedule().At(t);

        Assert.Equal((Math.Exp(-0.5 * integral), -0.5 * beta), (vp.Alpha, vp.Drift));
        Assert.Equal(1 - Math.Exp(-integral), vp.Sigma * vp.Sigma, Rounding);
        Assert.Equal(beta, vp.DiffusionSquared, Rounding);
        Assert.Equal(1 - Math.Exp(-integral), subVp.Sigma, Rounding);
        Assert.Equal(beta * (1 - Math.Exp(-2 * integral)), subVp.DiffusionSquared, Rounding);
    }

    [Fact]
    public void VeEdmAndVdm_AnyTime_AreThePapersClosedForms()
    {
        NoiseLevel ve = new VeSchedule().At(0.5);
        Assert.Equal((1, 0), (ve.Alpha, ve.Drift));
        Assert.Equal(Math.Sqrt(0.01 * 50), ve.Sigma, Rounding);
        Assert.Equal(2 * ve.Sigma * ve.Sigma * Math.Log(50 / 0.01), ve.DiffusionSquared, Rounding);

        NoiseLevel edm = new EdmSchedule().At(3);
        Assert.Equal((1, 3), (edm.Alpha, edm.Sigma));
        Assert.Equal(6, edm.DiffusionSquared, Rounding);
        Assert.Equal(0.25 * Math.Log(3), new EdmSchedule().NetworkTime(3), Rounding);

        NoiseLevel vdm = new LogSnrSchedule().At(0.5);
        Assert.Equal(13.3 - (0.5 * 18.3), vdm.LogSnr, Rounding);
        Assert.Equal(1, (vdm.Alpha * vdm.Alpha) + (vdm.Sigma * vdm.Sigma), Rounding);
    }

    [Fact]
    public void BetaSchedule_FineTable_NearsTheVarianceSDE()
    {
        // [Song21SDE, App. B] β_i = β(i/N)/N tends to the SDE as N grows.
        const int Count = 100_000;
        BetaSchedule table = NoiseSchedules.Linear(Count, 0.1 / Count, 20.0 / Count);
        NoiseLevel expected = new VpSchedule().At(0.6);
        NoiseLevel actual = table.At(0.6 * Count);

        Assert.Equal(expected.Alpha, actual.Alpha, 1e-3);
        Assert.Equal(expected.DiffusionSquared, actual.DiffusionSquared * Count, 1e-2);
    }

    [Fact]
    public void RescaleToZeroTerminalSnr_Linear_KeepsTheFirstLevelAndEndsInNoise()
    {
        BetaSchedule table = NoiseSchedules.Linear();
        BetaSchedule rescaled = table.RescaleToZeroTerminalSnr();

        Assert.Equal(table.At(0).Alpha, rescaled.At(0).Alpha, Rounding);
        Assert.Equal(Math.Pow(2, -12), rescaled.At(999).Alpha, Rounding);

        // [Lin23, Alg. 1] in α: shifted so that the last is 0, scaled so that the first stays; ours ends 2^-12 higher.
        (double first, double last) = (table.At(0).Alpha, table.At(999).Alpha);
        double middle = (table.At(500).Alpha - last) * first / (first - last);
        Assert.InRange(rescaled.At(500).Alpha, middle, middle + Math.Pow(2, -12));
        Assert.Equal("linear-zero-snr", rescaled.Name);
    }

    [Fact]
    public void Respace_Subset_KeepsItsLevelsAndTheNetworksTimes()
    {
        BetaSchedule table = NoiseSchedules.Cosine();
        BetaSchedule few = table.Respace([0, 300, 650, 999]);

        Assert.Equal(4, few.Count);
        foreach ((int index, int time) in (IEnumerable<(int, int)>)[(0, 0), (1, 300), (2, 650), (3, 999)])
        {
            Assert.Equal(1, few.At(index).Alpha / table.At(time).Alpha, Rounding);
            Assert.Equal(time, few.NetworkTime(index));
        }

        // [Nichol21, Eq. 19] the forward variance between two kept levels
        double ratio = table.At(650).Alpha / table.At(300).Alpha;
        Assert.Equal(1 - (ratio * ratio), Posterior.Between(few.At(2), few.At(1)).ForwardVariance, Rounding);
    }

    [Theory]
    [InlineData(new[] { 5, 5 })]
    [InlineData(new[] { 10, 3 })]
    [InlineData(new[] { 0, 1000 })]
    [InlineData(new[] { -1, 4 })]
    [InlineData(new[] { 4 })]
    public void Respace_TimesThatBreakTheRule_Throws(int[] times) =>
        Assert.Throws<ArgumentException>(() => NoiseSchedules.Linear().Respace(times));

    [Fact]
    public void Constructors_RangesThatAreNone_NameTheRule()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new VpSchedule(1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new VpSchedule(-1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new VeSchedule(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new EdmSchedule(2, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new EdmSchedule(1, double.PositiveInfinity));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LogSnrSchedule(3, 2));
    }
}
