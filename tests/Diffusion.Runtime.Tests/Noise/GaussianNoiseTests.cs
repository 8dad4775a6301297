using CsCheck;
using Diffusion.Runtime.Noise;

namespace Diffusion.Runtime.Tests.Noise;

public sealed class GaussianNoiseTests
{
    // Box-Muller in float32 differs from float64 by some units in the last place of a value below 7.
    private const double FloatTolerance = 4e-6;

    // Five standard errors of the mean and of the variance of 3·256·256 draws; the seed is fixed, so this cannot
    // flicker.
    private const double MeanTolerance = 5 / 443.4;
    private const double VarianceTolerance = 5 * 1.4142 / 443.4;

    // The Kolmogorov-Smirnov statistic exceeds 1.95/√n with probability 0.001.
    private const double KolmogorovTolerance = 1.95 / 443.4;

    [Fact]
    public void Fill_AnyPixel_IsBoxMullerOfItsPhiloxWords()
    {
        const int Width = 70, Height = 3, Channels = 6;
        NoiseSource source = new(0x0123456789ABCDEF, Chain: 5, OriginX: -7, OriginY: 1000);
        float[] z = new float[Channels * Width * Height];
        GaussianNoise.Fill(z, Width, Height, Channels, source, step: 9);

        for (int channel = 0; channel < Channels; channel++)
        {
            for (int x = 0; x < Width; x++)
            {
                uint[] w = [unchecked((uint)(-7 + x)), 1002, 9, (5 * 256) + ((uint)channel / 4)];
                Philox4x32.Generate(ref w[0], ref w[1], ref w[2], ref w[3], 0x89ABCDEF, 0x01234567);
                int pair = channel % 4 / 2 * 2;
                double radius = Math.Sqrt(-2 * Math.Log((w[pair] + 0.5) / 4294967296.0));
                (double sine, double cosine) = Math.SinCos(2 * Math.PI * (w[pair + 1] + 0.5) / 4294967296.0);
                double expected = radius * (channel % 2 == 0 ? cosine : sine);
                Assert.Equal(expected, z[(((channel * Height) + 2) * Width) + x], FloatTolerance);
            }
        }
    }

    [Fact]
    public void Fill_FixedSeed_IsStandardNormal()
    {
        float[] z = new float[3 * 256 * 256];
        GaussianNoise.Fill(z, 256, 256, 3, new NoiseSource(1), step: 0);
        Array.Sort(z);

        double mean = z.Average(value => (double)value);
        double variance = z.Average(value => (value - mean) * (value - mean));
        double largestGap = 0;
        for (int i = 0; i < z.Length; i++)
        {
            largestGap = Math.Max(largestGap, Math.Abs(((i + 0.5) / z.Length) - NormalDistribution(z[i])));
        }

        Assert.InRange(mean, -MeanTolerance, MeanTolerance);
        Assert.InRange(variance, 1 - VarianceTolerance, 1 + VarianceTolerance);
        Assert.InRange(largestGap, 0, KolmogorovTolerance);
        Assert.True(float.IsFinite(z[0]) && float.IsFinite(z[^1]));
    }

    [Fact]
    public void Fill_OtherChannelStepChainOrSeed_IsUncorrelated()
    {
        const int Length = 128 * 128;
        float[] z = Draw(new NoiseSource(1), 0);
        float[][] others =
            [Draw(new NoiseSource(1), 1), Draw(new NoiseSource(1, Chain: 1), 0), Draw(new NoiseSource(2), 0)];

        Assert.All(
            others, other => Assert.InRange(Correlation(z.AsSpan(0, Length), other.AsSpan(0, Length)), -0.04, 0.04));
        Assert.InRange(Correlation(z.AsSpan(0, Length), z.AsSpan(Length, Length)), -0.04, 0.04);
        Assert.InRange(Correlation(z.AsSpan(0, Length), z.AsSpan(2 * Length, Length)), -0.04, 0.04);

        static float[] Draw(NoiseSource source, int step)
        {
            float[] field = new float[3 * Length];
            GaussianNoise.Fill(field, 128, 128, 3, source, step);
            return field;
        }
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.5)]
    [InlineData(0.95)]
    public void Fill_Variation_LiesOnTheArcBetweenTheSeeds(double t)
    {
        const int Width = 61, Height = 7;
        float[] first = Draw(new NoiseSource(7, 1, -5, 9));
        float[] second = Draw(new NoiseSource(8, 1, -5, 9));
        float[] between = Draw(new NoiseSource(7, 1, -5, 9) { VariationSeed = 8, Variation = (float)t });

        for (int i = 0; i < between.Length; i++)
        {
            double expected = (Math.Cos(t * Math.PI / 2) * first[i]) + (Math.Sin(t * Math.PI / 2) * second[i]);
            Assert.Equal(expected, between[i], 1e-6);
        }

        static float[] Draw(NoiseSource source)
        {
            float[] z = new float[3 * Width * Height];
            GaussianNoise.Fill(z, Width, Height, 3, source, step: 4);
            return z;
        }
    }

    [Fact]
    public void Fill_VariationAtItsEndsOrOfOneSeed_IsTheSeedsOwnToTheBit()
    {
        NoiseSource seed = new(7);

        Assert.Equal(Draw(seed), Draw(seed with { VariationSeed = 8, Variation = 0 }));
        Assert.Equal(Draw(new NoiseSource(8)), Draw(seed with { VariationSeed = 8, Variation = 1 }));
        Assert.Equal(Draw(seed), Draw(seed with { VariationSeed = 7, Variation = 0.4f }));

        static float[] Draw(NoiseSource source)
        {
            float[] z = new float[3 * 64 * 64];
            GaussianNoise.Fill(z, 64, 64, 3, source, step: 2);
            return z;
        }
    }

    [Fact]
    public void Fill_Variation_IsStandardNormal()
    {
        float[] z = new float[3 * 256 * 256];
        GaussianNoise.Fill(z, 256, 256, 3, new NoiseSource(1) { VariationSeed = 2, Variation = 0.5f }, step: 0);

        double mean = z.Average(value => (double)value);
        Assert.InRange(mean, -MeanTolerance, MeanTolerance);
        Assert.InRange(
            z.Average(value => (value - mean) * (value - mean)), 1 - VarianceTolerance, 1 + VarianceTolerance);
    }

    [Fact]
    public void Fill_AnyThreads_GivesTheSameBits() =>
        Gen.Select(Gen.Int[1, 150], Gen.Int[1, 20], Gen.Int[2, 9], Gen.ULong).Sample(
        (width, height, threads, seed) =>
        {
            float[] one = new float[3 * width * height];
            float[] many = new float[one.Length];
            GaussianNoise.Fill(one, width, height, 3, new NoiseSource(seed), step: 1);
            GaussianNoise.Fill(many, width, height, 3, new NoiseSource(seed), step: 1, threads);
            return one.AsSpan().SequenceEqual(many);
        },
        iter: 100);

    [Fact]
    public void Fill_OverlappingTiles_AgreeToTheBit() =>
        Gen.Select(Gen.Int[-60, 60], Gen.Int[-20, 20], Gen.ULong).Sample(
        (shiftX, shiftY, seed) =>
        {
            const int Width = 61, Height = 21;
            float[] a = new float[3 * Width * Height];
            float[] b = new float[a.Length];
            GaussianNoise.Fill(a, Width, Height, 3, new NoiseSource(seed, OriginX: 5, OriginY: int.MaxValue), step: 2);
            GaussianNoise.Fill(
                b, Width, Height, 3, new NoiseSource(seed, 0, 5 + shiftX, unchecked(int.MaxValue + shiftY)), step: 2);
            for (int channel = 0; channel < 3; channel++)
            {
                for (int y = Math.Max(0, shiftY); y < Math.Min(Height, Height + shiftY); y++)
                {
                    for (int x = Math.Max(0, shiftX); x < Math.Min(Width, Width + shiftX); x++)
                    {
                        int inA = (((channel * Height) + y) * Width) + x;
                        int inB = (((channel * Height) + y - shiftY) * Width) + x - shiftX;
                        if (a[inA] != b[inB])
                        {
                            return false;
                        }
                    }
                }
            }

            return true;
        },
        iter: 100);

    [Fact]
    public void Fill_WrongLength_NamesBoth()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => GaussianNoise.Fill(new float[11], 2, 2, 3, new NoiseSource(0), step: 0));

        Assert.Contains("11 values, not 3x2x2", error.Message, StringComparison.Ordinal);
    }

    private static double Correlation(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += (double)a[i] * b[i];
        }

        return sum / a.Length;
    }

    // Φ by the series of Marsaglia (2004): exact to rounding for |z| < 7.
    private static double NormalDistribution(double z)
    {
        double sum = z;
        double term = z;
        for (int k = 3; Math.Abs(term) > 1e-17 * Math.Abs(sum); k += 2)
        {
            term *= z * z / k;
            sum += term;
        }

        return 0.5 + (sum * Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI));
    }
}
