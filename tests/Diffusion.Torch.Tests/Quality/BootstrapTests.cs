using Diffusion.Torch.Quality;

namespace Diffusion.Torch.Tests.Quality;

public sealed class BootstrapTests
{
    private const int Replicates = 2000;

    [Fact]
    public void Mean_KnownSample_HasTheNormalIntervalOfItsMean()
    {
        // Mean 49.5 and variance 833.25: the interval of the mean is 1.96·sqrt(833.25 / 100) wide either way.
        double[] values = [.. Enumerable.Range(0, 100).Select(i => (double)i)];
        double half = 1.96 * Math.Sqrt(833.25 / 100);

        Estimate estimate = Bootstrap.Mean(values, Replicates, seed: 1);

        Assert.Equal(49.5, estimate.Value);
        Assert.Equal(49.5 - half, estimate.Low, 0.06 * half);
        Assert.Equal(49.5 + half, estimate.High, 0.06 * half);
    }

    [Fact]
    public void Mean_ManySamples_CoversTheTruthAsOftenAsItSays()
    {
        var random = new Random(5);
        int covered = Enumerable.Range(0, 400).Count(_ =>
        {
            double[] sample = [.. Enumerable.Range(0, 40).Select(_ => Pictures.Normal(random))];
            Estimate estimate = Bootstrap.Mean(sample, 400, seed: 2);
            return estimate.Low <= 0 && estimate.High >= 0;
        });

        // 95 % of 400 less a little for samples of 40, and three deviations of the count either way.
        Assert.InRange(covered, 356, 393);
    }

    [Fact]
    public void Mean_EqualValues_HasNoWidth() =>
        Assert.Equal(new Estimate(3, 3, 3), Bootstrap.Mean([3, 3, 3, 3], 50, seed: 1));

    [Fact]
    public void Interval_ReplicatesThatAllLieHigher_IsMovedToTheFigure()
    {
        Estimate estimate = Bootstrap.Interval(1, [.. Enumerable.Range(0, 1001).Select(i => 4 + (i / 1000.0))]);

        Assert.Equal(1 - 0.475, estimate.Low, 1e-9);
        Assert.Equal(1 + 0.475, estimate.High, 1e-9);
    }

    [Fact]
    public void Draw_SameReplicate_IsTheSameForEverySetAndDiffersFromOthers()
    {
        Assert.Equal(Bootstrap.Draw(20, 1, 3, 2), Bootstrap.Draw(20, 1, 3, 2));
        Assert.NotEqual(Bootstrap.Draw(20, 1, 3, 2), Bootstrap.Draw(20, 1, 4, 2));
        Assert.NotEqual(Bootstrap.Draw(20, 1, 3, 2), Bootstrap.Draw(20, 1, 3, 1));
        Assert.All(Bootstrap.Draw(20, 1, 3, 2), place => Assert.InRange(place, 0, 19));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.5, 2.5)]
    [InlineData(1, 4)]
    public void Quantile_FourValues_IsInterpolated(double share, double expected) =>
        Assert.Equal(expected, Bootstrap.Quantile([1, 2, 3, 4], share), 1e-12);
}
