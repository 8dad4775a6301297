using Diffusion.Torch.Quality;

namespace Diffusion.Torch.Tests.Quality;

public sealed class SlicedProfileTests
{
    private const int Count = 400;

    // Single precision over some hundred bins.
    private const double Rounding = 2e-4;

    [Fact]
    public void Distance_ShiftedSet_IsTheMeanOfTheShiftAlongTheDirections()
    {
        var sliced = new SlicedProfile(5, directions: 40, bins: 100, range: 8, seed: 3);
        var random = new Random(1);
        float[] points = [.. Enumerable.Range(0, 5 * Count).Select(_ => (float)Pictures.Normal(random))];
        float[] shift = [0.3f, -0.7f, 0, 1.1f, 0.2f];
        float[] moved = [.. points.Select((value, i) => value + shift[i % 5])];

        double expected = Enumerable.Range(0, 40).Average(
            axis => Math.Abs(Enumerable.Range(0, 5).Sum(i => sliced.Axes[(axis * 5) + i] * shift[i])));

        Assert.Equal(expected, Distance(sliced, points, moved), Rounding);
    }

    [Fact]
    public void Distance_ShiftInThePlane_IsTwoOverPiOfIt()
    {
        var sliced = new SlicedProfile(2, directions: 20_000, bins: 16, range: 2, seed: 1);

        // The mean of |cos| over the circle; of 20,000 directions it is known to about 0.002.
        Assert.Equal(2 / Math.PI, Distance(sliced, [0, 0], [0.6f, 0.8f]), 0.01);
    }

    [Fact]
    public void Distance_GaussiansOnALine_IsTheDifferenceOfSpreadsTimesRootTwoOverPi()
    {
        var sliced = new SlicedProfile(1, directions: 1, bins: 600, range: 12, seed: 1);
        float[] narrow = Quantiles(1, 0);
        float[] wide = Quantiles(2.5, 0);

        // [W_1 of N(0, s) and N(0, t)] = |s - t|·E|Z|; the quantiles cut the tails off.
        Assert.Equal(1.5 * Math.Sqrt(2 / Math.PI), Distance(sliced, narrow, wide), 0.01);
        Assert.Equal(0.75, Distance(sliced, narrow, Quantiles(1, -0.75)), Rounding);
    }

    [Fact]
    public void Distance_SameSetInAnotherOrder_IsZero()
    {
        var sliced = new SlicedProfile(3, directions: 16, bins: 32, range: 2, seed: 1);
        float[] points = [0, 1, 2, -1, 0.5f, 0.25f, 3, 3, -3];

        Assert.Equal(0, Distance(sliced, points, [-1, 0.5f, 0.25f, 3, 3, -3, 0, 1, 2]), 1e-6);
    }

    [Fact]
    public void Distance_SetsOfDifferentSizes_IsTheAreaBetweenTheirDistributions()
    {
        var sliced = new SlicedProfile(1, directions: 1, bins: 8, range: 4, seed: 1);

        // Moving the mass of {0, 1, 2} to {1}: a third by one from either side.
        Assert.Equal(2 / 3.0, Distance(sliced, [0, 1, 2], [1]), Rounding);
    }

    [Fact]
    public void Describe_Union_IsTheMeanOfItsHalves()
    {
        var sliced = new SlicedProfile(2, directions: 4, bins: 8, range: 1, seed: 1);
        float[] first = Describe(sliced, [0.1f, 0.2f, 0.3f, -0.4f]);
        float[] second = Describe(sliced, [0.9f, -0.9f, 5, 5]);
        float[] union = Describe(sliced, [0.1f, 0.2f, 0.3f, -0.4f, 0.9f, -0.9f, 5, 5]);

        for (int i = 0; i < union.Length; i++)
        {
            Assert.Equal((first[i] + second[i]) / 2, union[i], 1e-6f);
        }
    }

    [Fact]
    public void Describe_LengthThatIsNoSet_IsRefused()
    {
        var sliced = new SlicedProfile(2, directions: 1, bins: 1, range: 1, seed: 1);

        Assert.Throws<ArgumentException>(() => sliced.Describe([1, 2, 3], new float[1]));
        Assert.Throws<ArgumentException>(() => sliced.Describe([1, 2], new float[2]));
    }

    private static double Distance(SlicedProfile sliced, float[] left, float[] right) =>
        sliced.Distance(Describe(sliced, left), Describe(sliced, right));

    private static float[] Describe(SlicedProfile sliced, float[] points)
    {
        var profile = new float[sliced.Length];
        sliced.Describe(points, profile);
        return profile;
    }

    // Mid-quantiles of a normal distribution, by bisection of its distribution function's series.
    private static float[] Quantiles(double spread, double mean) =>
        [.. Enumerable.Range(0, 2000).Select(i => (float)(mean + (spread * Quantile((i + 0.5) / 2000))))];

    private static double Quantile(double share)
    {
        (double low, double high) = (-6, 6);
        for (int i = 0; i < 50; i++)
        {
            double middle = (low + high) / 2;
            (low, high) = Below(middle) < share ? (middle, high) : (low, middle);
        }

        return low;
    }

    private static double Below(double x)
    {
        (double term, double sum) = (x, x);
        for (int k = 1; k < 120; k++)
        {
            term *= x * x / ((2 * k) + 1);
            sum += term;
        }

        return 0.5 + (sum * Math.Exp(-x * x / 2) / Math.Sqrt(Math.Tau));
    }
}
