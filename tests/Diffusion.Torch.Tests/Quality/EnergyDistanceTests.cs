using Diffusion.Torch.Quality;

namespace Diffusion.Torch.Tests.Quality;

public sealed class EnergyDistanceTests
{
    [Fact]
    public void Share_SmallSets_IsWhatTheDefinitionGives()
    {
        float[][] left = [[0], [2]];
        float[][] right = [[1], [3]];

        // Between (1 + 3 + 1 + 1) / 4, within 2 and 2.
        double between = EnergyDistance.MeanBetween(left, right);
        Assert.Equal(1.5, between, 1e-12);
        Assert.Equal(2, EnergyDistance.MeanWithin(left), 1e-12);
        Assert.Equal(-1 / 3.0, EnergyDistance.Share(between, 2, EnergyDistance.MeanWithin(right)), 1e-12);
    }

    [Fact]
    public void Share_TwoPoints_IsOne() => Assert.Equal(1, EnergyDistance.Share(5, 0, 0));

    [Fact]
    public void Share_SamplesOfOneDistribution_IsAboutZeroWhateverTheirSizes()
    {
        var random = new Random(1);
        double[] shares = [.. Enumerable.Range(0, 300).Select(_ => Share(Sample(random, 3, 0), Sample(random, 40, 0)))];

        // Scatters by some 0.1 each: three deviations of the mean.
        Assert.Equal(0, shares.Average(), 0.03);
    }

    [Fact]
    public void Share_ShiftedDistribution_IsTheClosedFormOfNormals()
    {
        // On a line and for N(0, 1) and N(m, 1): E|X - Y| = sqrt(2)·(sqrt(2/pi)·e^(-a²/2) + a·(2·Phi(a) - 1)) with a =
        // m / sqrt(2), which for m = 2·sqrt(2), a = 2 is sqrt(2)·(0.10798 + 2·0.95450); within it is 2 / sqrt(pi).
        var random = new Random(2);
        double between = Math.Sqrt(2) * (0.10798 + (2 * 0.95450));
        double within = 2 / Math.Sqrt(Math.PI);
        float[][] near = [.. Enumerable.Range(0, 1500).Select(_ => new[] { (float)Pictures.Normal(random) })];
        float[][] far = [.. Enumerable.Range(0, 1500)
            .Select(_ => new[] { (float)(Pictures.Normal(random) + (2 * Math.Sqrt(2))) })];

        Assert.Equal((between - within) / between, Share(near, far), 0.02);
    }

    [Fact]
    public void MeanWithin_OnePoint_IsNotKnown() => Assert.True(double.IsNaN(EnergyDistance.MeanWithin([[1, 2]])));

    private static double Share(float[][] left, float[][] right) => EnergyDistance.Share(
        EnergyDistance.MeanBetween(left, right), EnergyDistance.MeanWithin(left), EnergyDistance.MeanWithin(right));

    private static float[][] Sample(Random random, int count, double mean) =>
        [.. Enumerable.Range(0, count).Select(
            _ => new[] { (float)(Pictures.Normal(random) + mean), (float)Pictures.Normal(random) })];
}
