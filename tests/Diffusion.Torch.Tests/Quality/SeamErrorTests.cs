using Diffusion.Torch.Quality;

namespace Diffusion.Torch.Tests.Quality;

public sealed class SeamErrorTests
{
    private const int Edge = 32;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Ratio_PeriodicCosine_IsAtMostOne(bool isVertical)
    {
        float[] picture = Pictures.Grey(
            Edge, (x, y) => Math.Cos((Math.Tau * 3 * (isVertical ? y : x) / Edge) + 0.4));

        Assert.InRange(SeamError.Ratio(picture, Edge, Edge), 0, 1.01);
        Assert.True(SeamError.Wraps(picture, Edge, Edge));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Ratio_Ramp_IsTheStepsOfTheWholeRamp(bool isVertical)
    {
        float[] picture = Pictures.Grey(Edge, (x, y) => isVertical ? y : x);

        Assert.Equal(Edge - 1, SeamError.Ratio(picture, Edge, Edge), 1e-9);
        Assert.False(SeamError.Wraps(picture, Edge, Edge));
    }

    [Fact]
    public void Ratio_FlatPictureAndFlatPictureWithAStep_AreZeroAndInfinite()
    {
        Assert.Equal(0, SeamError.Ratio(new float[Edge * Edge], Edge, Edge));
        float[] step = Pictures.Grey(Edge, (x, _) => x == 0 ? 1 : 0);
        Assert.Equal(double.PositiveInfinity, SeamError.Ratio(step, Edge, Edge));
    }

    [Fact]
    public void Ratio_OblongRamp_CountsColumns()
    {
        float[] ramp = [.. Enumerable.Range(0, 8 * 20).Select(i => (float)(i % 20))];

        Assert.Equal(19, SeamError.Ratio(ramp, 8, 20), 1e-9);
    }
}
