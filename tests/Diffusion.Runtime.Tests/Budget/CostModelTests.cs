using CsCheck;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Budget;

namespace Diffusion.Runtime.Tests.Budget;

public sealed class CostModelTests
{
    private static readonly SessionOptions _shape = new() { Width = 8, Height = 8 };
    private static readonly SliceInfo[] _slices = [new("small", 1e8, 1e6), new("large", 2e9, 2e7)];

    [Fact]
    public void Predict_UnseenSlice_FollowsFlopsAndWhatOthersTook()
    {
        SliceCosts costs = new CostModel().ForShape(_shape, _slices);
        TimeSpan small = costs.Predict(0);
        TimeSpan large = costs.Predict(1);
        Assert.InRange(large / small, 10, 20);

        costs.Record(0, small * 7);

        Assert.Equal(7, costs.Predict(1) / large, 1e-3);
    }

    [Fact]
    public void Predict_SlicesBelowTheClocksResolution_AreExpectedToCostLittle()
    {
        SliceCosts costs = new CostModel().ForShape(_shape, _slices);
        for (int i = 0; i < 100; i++)
        {
            costs.Record(i % 2, i == 50 ? TimeSpan.FromMilliseconds(1) : TimeSpan.Zero);
            Assert.InRange(costs.Predict(i % 2), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        }

        Assert.InRange(costs.Predict(0), TimeSpan.Zero, TimeSpan.FromMilliseconds(0.01));
    }

    [Fact]
    public void Predict_AnotherShape_UsesTheCorrection()
    {
        CostModel model = new();
        SliceCosts known = model.ForShape(_shape, _slices);
        TimeSpan guess = known.Predict(1);
        known.Record(0, known.Predict(0) / 2);

        SliceCosts other = model.ForShape(_shape with { Width = 16 }, _slices);

        Assert.Equal(0.5, other.Predict(1) / guess, 1e-3);
        Assert.Same(known, model.ForShape(_shape with { }, _slices));
    }

    [Fact]
    public void ForShape_MoreShapesThanAreRemembered_ForgetsTheOneAskedForLongestAgo()
    {
        CostModel model = new();
        SliceCosts kept = model.ForShape(_shape, _slices);
        SliceCosts forgotten = model.ForShape(Wide(1), _slices);
        for (int i = 2; i <= 64; i++)
        {
            Assert.Same(kept, model.ForShape(_shape, _slices));
            model.ForShape(Wide(i), _slices);
        }

        Assert.Same(kept, model.ForShape(_shape, _slices));
        Assert.NotSame(forgotten, model.ForShape(Wide(1), _slices));

        static SessionOptions Wide(int i) => _shape with { Width = 8 + (8 * i) };
    }

    [Fact]
    public void Predict_OneStrayValue_IsIgnored() => Gen.Select(Gen.Int[2, 31], Gen.Int[0, 31]).Sample((count, place) =>
    {
        SliceCosts costs = new CostModel().ForShape(_shape, _slices);
        for (int i = 0; i <= count; i++)
        {
            costs.Record(0, TimeSpan.FromMilliseconds(i == place % (count + 1) ? 900 : 3));
        }

        Assert.Equal(3, costs.Predict(0).TotalMilliseconds, 1e-3);
    });

    [Theory]
    [InlineData(0.25)]
    [InlineData(0.5)]
    [InlineData(2)]
    [InlineData(5)]
    public void Predict_MachineChangesSpeed_FollowsAfterFiveSlicesAndStays(double factor)
    {
        // Four slices of 1, 2, 3 and 4 ms, in turn.
        SliceInfo[] slices = [.. Enumerable.Range(1, 4).Select(i => new SliceInfo($"{i}", i * 1e7, 1e5))];
        SliceCosts costs = new CostModel().ForShape(_shape, slices);
        for (int run = 0; run < 200; run++)
        {
            costs.Record(run % 4, TimeSpan.FromMilliseconds(1 + (run % 4)));
        }

        for (int run = 0; run < 2000; run++)
        {
            TimeSpan cost = TimeSpan.FromMilliseconds(factor * (1 + (run % 4)));
            if (run >= 5)
            {
                Assert.Equal(cost.TotalMilliseconds, costs.Expect(run % 4).TotalMilliseconds, 1e-3);
            }

            costs.Record(run % 4, cost);
        }

        // The five that took longer than expected were too few for the quantile.
        Assert.Equal(factor, costs.Predict(0).TotalMilliseconds, 1e-3);
    }

    [Theory]
    [InlineData(0, false, 0.05)]
    [InlineData(1000, false, 0.2)]
    [InlineData(1000, true, 0.015)]
    public void Predict_SpreadCosts_IsExceededByAsManyAsTheTicksAllow(int ticks, bool overran, double expected)
    {
        CostModel model = new(overrunShare: 0.5);
        for (int i = 0; i < ticks; i++)
        {
            model.AddTick(overran);
        }

        SliceCosts costs = model.ForShape(_shape, _slices);
        Random random = new(5);
        int exceeded = 0;
        const int count = 20_000;
        for (int i = 0; i < count; i++)
        {
            // Log-normal, a fifth wide.
            TimeSpan cost = TimeSpan.FromMilliseconds((1 + (i % 2)) * NoisyCosts.Factor(random, 0.2));
            exceeded += cost > costs.Predict(i % 2) ? 1 : 0;
            costs.Record(i % 2, cost);
        }

        // Of 256 values the highest few are few.
        Assert.InRange(exceeded / (double)count, (0.9 * expected) - 0.002, (1.1 * expected) + 0.005);
    }

    [Fact]
    public void Predict_SlowFirstRuns_AreForgottenByTheThirdPass()
    {
        SliceInfo[] slices = [.. Enumerable.Range(1, 20).Select(i => new SliceInfo($"{i}", i * 1e7, 1e5))];
        SliceCosts costs = new CostModel().ForShape(_shape, slices);
        for (int run = 0; run < 2000; run++)
        {
            double usual = 1 + (run % 20);
            if (run >= 40)
            {
                Assert.Equal(usual, costs.Predict(run % 20).TotalMilliseconds, 1e-3);
            }

            costs.Record(run % 20, TimeSpan.FromMilliseconds(run < 20 ? 10 * usual : usual));
        }
    }

    [Fact]
    public void Predict_TicksOpenSlowly_TellsFirstSlicesFromLaterOnes()
    {
        // Four slices of 1, 2, 3 and 4 ms; every third begins a tick, and takes 0.7 ms more.
        SliceInfo[] slices = [.. Enumerable.Range(1, 4).Select(i => new SliceInfo($"{i}", i * 1e7, 1e5))];
        SliceCosts costs = new CostModel().ForShape(_shape, slices);
        for (int run = 0; run < 4000; run++)
        {
            bool opens = run % 3 == 0;
            double cost = 1 + (run % 4) + (opens ? 0.7 : 0);
            if (run > 2000)
            {
                Assert.Equal(cost, costs.Predict(run % 4, opens).TotalMilliseconds, 0.05);
            }

            costs.Record(run % 4, TimeSpan.FromMilliseconds(cost), opens);
        }
    }

    [Fact]
    public void Predict_SliceThatAlwaysOpensItsTick_IsPredictedAsAWhole()
    {
        SliceCosts costs = new CostModel().ForShape(_shape, _slices);
        for (int run = 0; run < 500; run++)
        {
            costs.Record(0, TimeSpan.FromMilliseconds(5), opensTick: true);
        }

        Assert.Equal(5, costs.Predict(0, opensTick: true).TotalMilliseconds, 1e-3);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void CostModel_QuantileOutsideItsRange_IsRefused(double quantile) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new CostModel(quantile));

    [Theory]
    [InlineData(0)]
    [InlineData(0.51)]
    [InlineData(double.NaN)]
    public void CostModel_OverrunShareOutsideItsRange_IsRefused(double share) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new CostModel(overrunShare: share));
}
