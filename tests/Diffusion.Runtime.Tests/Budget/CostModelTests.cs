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
    public void Predict_OneStrayValue_IsIgnored() => Gen.Select(Gen.Int[2, 31], Gen.Int[0, 31]).Sample((count, place) =>
    {
        SliceCosts costs = new CostModel().ForShape(_shape, _slices);
        for (int i = 0; i <= count; i++)
        {
            costs.Record(0, TimeSpan.FromMilliseconds(i == place % (count + 1) ? 900 : 3));
        }

        Assert.Equal(3, costs.Predict(0).TotalMilliseconds, 1e-3);
    });

    [Fact]
    public void Predict_AfterAChangeOfSpeed_Forgets()
    {
        SliceCosts costs = new CostModel().ForShape(_shape, _slices);
        for (int i = 0; i < 100; i++)
        {
            costs.Record(0, TimeSpan.FromMilliseconds(50));
        }

        for (int i = 0; i < 32; i++)
        {
            costs.Record(0, TimeSpan.FromMilliseconds(2));
        }

        Assert.Equal(2, costs.Predict(0).TotalMilliseconds, 1e-3);
    }

    [Fact]
    public void Predict_SpreadCosts_IsTheirUpperQuantile()
    {
        SliceCosts costs = new CostModel(quantile: 0.75).ForShape(_shape, _slices);
        for (int i = 1; i <= 32; i++)
        {
            costs.Record(0, TimeSpan.FromMilliseconds(i * 11 % 32 + 1));
        }

        Assert.Equal(24, costs.Predict(0).TotalMilliseconds, 1e-3);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void CostModel_QuantileOutsideItsRange_IsRefused(double quantile) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new CostModel(quantile));
}
