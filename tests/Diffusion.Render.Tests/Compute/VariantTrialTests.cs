using Diffusion.Render.Compute.Tuning;

namespace Diffusion.Render.Tests.Compute;

public sealed class VariantTrialTests
{
    private static readonly int[] _dispatches = [3, 7];

    [Fact]
    public void Times_FewDisturbedRounds_AreTheSumsOfMedians()
    {
        int call = 0;

        // Two of a dispatch's nine times are ten times too long, and two none at all.
        double[] times = VariantTrial.Times(2, _dispatches, (variant, dispatch) => (call++ / 4) switch
        {
            0 or 5 => 10_000,
            2 or 8 => 0,
            _ => ((variant + 1) * 100) + dispatch,
        });

        Assert.Equal([100 + 3 + 100 + 7, 200 + 3 + 200 + 7], times);
        Assert.Equal(VariantTrial.Rounds * 2 * _dispatches.Length, call);
    }

    [Fact]
    public void Times_AMachineThatSlowsDown_DoesSoForAll()
    {
        // From some call on twice as slow; wherever that is, variants of the same speed come out equal but for the
        // dispatches of one round.
        for (int from = 0; from < VariantTrial.Rounds * 3 * _dispatches.Length; from++)
        {
            int call = 0;
            double[] times = VariantTrial.Times(3, _dispatches, (_, _) => call++ < from ? 100 : 200);

            // A median is that of one side or the other; only the round in the middle tells the variants apart.
            int middle = VariantTrial.Rounds / 2 * 3 * _dispatches.Length;
            bool isSplit = from > middle && from < middle + (3 * _dispatches.Length);
            Assert.True(isSplit || times.Distinct().Count() == 1, $"from {from}: {string.Join(' ', times)}");
        }
    }

    [Fact]
    public void Times_Order_GoesByDispatchAndBeginsWithAnotherVariantEachRound()
    {
        List<(int Variant, int Dispatch)> calls = [];

        VariantTrial.Times(3, _dispatches, (variant, dispatch) =>
        {
            calls.Add((variant, dispatch));
            return 1;
        });

        Assert.Equal([(0, 3), (1, 3), (2, 3), (0, 7), (1, 7), (2, 7), (1, 3), (2, 3), (0, 3)], calls.Take(9));
    }

    [Theory]
    [InlineData(new double[] { 100, 98, 120 }, 0)]
    [InlineData(new double[] { 100, 96, 120 }, 1)]
    [InlineData(new double[] { 100, 96, 95 }, 2)]
    [InlineData(new double[] { 100 }, 0)]
    public void Fastest_ByLessThanTheMargin_StaysWithTheFirst(double[] times, int fastest) =>
        Assert.Equal(fastest, VariantTrial.Fastest(times, new double[times.Length]));

    [Theory]
    [InlineData(0.019, 2)]
    [InlineData(0.021, 1)]
    [InlineData(double.PositiveInfinity, 1)]
    public void Fastest_WithWrongResults_IsLeftOut(double difference, int fastest) =>
        Assert.Equal(fastest, VariantTrial.Fastest([100, 90, 50], [0, 0.01, difference]));

    [Theory]
    [InlineData(-2f, 0)]
    [InlineData(-1.5f, 0.125)]
    [InlineData(2f, 1)]
    [InlineData(float.NaN, double.PositiveInfinity)]
    [InlineData(float.NegativeInfinity, double.PositiveInfinity)]
    public void Difference_OfOneValue_IsRelativeToTheLargestThatIsRight(float value, double difference) =>
        Assert.Equal(difference, VariantTrial.Difference([1, -2, 4], [1, value, 4]));
}
