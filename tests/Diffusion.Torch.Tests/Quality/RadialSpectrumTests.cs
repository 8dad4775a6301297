using Diffusion.Torch.Quality;

namespace Diffusion.Torch.Tests.Quality;

public sealed class RadialSpectrumTests
{
    private const int Edge = 64;
    private const double Step = 127.5;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_Cosine_HasItsPowerInItsRingAndRoundingElsewhere(bool isVertical)
    {
        const int Frequency = 9;
        const double Amplitude = 0.5;
        float[] picture = Pictures.Grey(
            Edge, (x, y) => Amplitude * Math.Cos(Math.Tau * Frequency * (isVertical ? y : x) / Edge));

        float[] spectrum = RadialSpectrum.Of(picture, Edge);

        // Under a Hann window a line of height A·N²/8 stands at ±k and half of it one beside, along and across. Those
        // at (±k, 0) and (±k, ±1) are in the ring: (2 + 4/4)·(A·N²/8)², and the window's own power is (3·N/8)².
        double height = Amplitude * Step * Edge * Edge / 8;
        double power = 3 * height * height / Math.Pow(3.0 * Edge / 8, 2);
        Assert.Equal(Decibels(power / InRing(Frequency)), spectrum[Frequency - 1], 0.01);
        for (int ring = 1; ring <= spectrum.Length; ring++)
        {
            if (Math.Abs(ring - Frequency) > 1)
            {
                Assert.Equal(Decibels(0), spectrum[ring - 1], 0.01);
            }
        }
    }

    [Fact]
    public void Of_WhiteNoise_IsItsVarianceAtEveryFrequency()
    {
        const double Amplitude = 0.4;
        float[][] spectra = [.. Enumerable.Range(1, 40).Select(
            seed => RadialSpectrum.Of(Pictures.Grey(Edge, NoiseOf(seed, Amplitude)), Edge))];
        double expected = Decibels(Amplitude * Amplitude / 3 * Step * Step);

        for (int ring = 2; ring <= spectra[0].Length; ring++)
        {
            // A ring of n values scatters by 4.3 / sqrt(n) dB, and the lowest have a dozen; 40 pictures are averaged.
            Assert.Equal(expected, spectra.Average(s => s[ring - 1]), 1.0);
        }
    }

    [Fact]
    public void Of_PictureRolledAround_HardlyChanges()
    {
        float[] picture = Pictures.Grey(
            Edge,
            (x, y) => 0.3 * (Math.Cos(Math.Tau * 5 * x / Edge) + Math.Cos(Math.Tau * ((7 * y) + (4 * x)) / Edge)));
        float[] there = RadialSpectrum.Of(picture, Edge);
        float[] here = RadialSpectrum.Of(Pictures.Roll(picture, Edge, 13, 40), Edge);

        Assert.Equal(there[4], here[4], 0.1);
        Assert.Equal(there[7], here[7], 0.1);
    }

    private static Func<int, int, double> NoiseOf(int seed, double amplitude)
    {
        float[] noise = Pictures.Noise(Edge, amplitude, seed);
        return (x, y) => noise[(y * Edge) + x];
    }

    private static double Decibels(double power) => 10 * Math.Log10(power + (1.0 / 12));

    private static int InRing(int ring) => Enumerable.Range(0, Edge * Edge).Count(i =>
    {
        (int u, int v) = (((i % Edge) + (Edge / 2)) % Edge, ((i / Edge) + (Edge / 2)) % Edge);
        double radius = Math.Sqrt(Math.Pow(u - (Edge / 2), 2) + Math.Pow(v - (Edge / 2), 2));
        return Math.Round(radius) == ring;
    });
}
