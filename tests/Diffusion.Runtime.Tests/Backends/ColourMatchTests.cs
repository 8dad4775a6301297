using System.Numerics;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Runtime.Tests.Backends;

/// <summary>Given colours, against moments taken in float64 and against maps that are known.</summary>
public sealed class ColourMatchTests
{
    private const int Width = 24;
    private const int Height = 10;
    private const int Pixels = Width * Height;

    // What is added to every variance so that rounding is not stretched moves the result by a little.
    private const double CovarianceTolerance = 2e-4;

    private static readonly Vector3 _mean = new(0.25f, -0.125f, -0.5f);
    private static readonly ColourCovariance _covariance = new(0.05f, 0.02f, -0.01f, 0.04f, 0.01f, 0.03f);

    [Theory]
    [InlineData(1, 1.5)]
    [InlineData(0.5, 1.5)]
    [InlineData(0, 1.5)]
    public void Run_MeanColour_MovesEveryPixelAlike(float strength, double scale)
    {
        float[] output = Draw(scale);
        float[] denoised = Run(output, new ColourTarget { Mean = _mean, Strength = strength }, NoiseLevel.Clean);

        double[] before = Means(output);
        for (int i = 0; i < output.Length; i++)
        {
            int channel = i / Pixels;
            Assert.Equal(
                output[i] + (strength * (_mean[channel] - before[channel])), denoised[i], 1e-5);
        }
    }

    [Fact]
    public void Run_CovarianceAtTheLastStep_IsTheOneAskedFor()
    {
        float[] denoised = Run(
            Draw(0.3), new ColourTarget { Mean = _mean, Covariance = _covariance }, NoiseLevel.Clean);

        double[] means = Means(denoised);
        double[,] found = Covariance(denoised, means);
        for (int channel = 0; channel < 3; channel++)
        {
            Assert.Equal(_mean[channel], means[channel], 1e-5);
        }

        Assert.Equal(_covariance.RedRed, found[0, 0], CovarianceTolerance);
        Assert.Equal(_covariance.RedGreen, found[0, 1], CovarianceTolerance);
        Assert.Equal(_covariance.RedBlue, found[0, 2], CovarianceTolerance);
        Assert.Equal(_covariance.GreenGreen, found[1, 1], CovarianceTolerance);
        Assert.Equal(_covariance.GreenBlue, found[1, 2], CovarianceTolerance);
        Assert.Equal(_covariance.BlueBlue, found[2, 2], CovarianceTolerance);
    }

    [Fact]
    public void Run_OwnColours_ChangesNothing()
    {
        float[] output = Draw(0.4);
        float[] denoised = Run(output, ColourTarget.OfPicture(output), NoiseLevel.Clean);

        for (int i = 0; i < output.Length; i++)
        {
            Assert.Equal(output[i], denoised[i], 1e-5);
        }
    }

    [Fact]
    public void Run_CovarianceOfDiagonals_ScalesEachChannelByItsShareOfTheNoiseLevel()
    {
        // Channels without covariance: the map is diagonal, √(c_m/c) but for what is added to both.
        float[] output = new float[3 * Pixels];
        for (int i = 0; i < Pixels; i++)
        {
            output[i] = i % 2 == 0 ? 0.2f : -0.2f;
            output[Pixels + i] = i / 2 % 2 == 0 ? 0.2f : -0.2f;
            output[(2 * Pixels) + i] = i / 4 % 2 == 0 ? 0.2f : -0.2f;
        }

        NoiseLevel level = new(1, 0.8, 0.6);
        float[] denoised = Run(
            output,
            new ColourTarget { Mean = Vector3.Zero, Covariance = new(0.16f, 0, 0, 0.01f, 0, 0.04f), Strength = 0.5f },
            level);

        double share = 0.5 * 0.64;
        double least = 4 / (255.0 * 255.0);
        for (int channel = 0; channel < 3; channel++)
        {
            double wanted = channel == 0 ? 0.16 : channel == 1 ? 0.01 : 0.04;
            double gain = 1 + (share * (Math.Sqrt((wanted + least) / (0.04 + least)) - 1));
            Assert.Equal(gain * output[channel * Pixels], denoised[channel * Pixels], 1e-5);
        }
    }

    [Fact]
    public void Run_GreyEstimateAndColourfulPalette_StaysFinite()
    {
        float[] grey = [.. Enumerable.Repeat(Draw(0.3)[..Pixels], 3).SelectMany(plane => plane)];
        float[] flat = new float[3 * Pixels];
        ColourTarget target = new() { Mean = _mean, Covariance = _covariance };

        Assert.All(Run(grey, target, NoiseLevel.Clean), value => Assert.InRange(value, -1, 1));
        Assert.All(Run(flat, target, NoiseLevel.Clean), value => Assert.InRange(value, -1, 1));
    }

    [Fact]
    public void OfPicture_KnownPixels_HasTheirMoments()
    {
        // Two colours: the covariance is that of one direction.
        ColourTarget target = ColourTarget.OfPicture([0.5f, -0.5f, 0.25f, 0.25f, 0, 1]);

        Assert.Equal(new Vector3(0, 0.25f, 0.5f), target.Mean);
        Assert.Equal(new ColourCovariance(0.25f, 0, -0.25f, 0, 0, 0.25f), target.Covariance);
        Assert.Throws<ArgumentException>(() => ColourTarget.OfPicture([]));
        Assert.Throws<ArgumentException>(() => ColourTarget.OfPicture([1, 2]));
    }

    // F is D, clamped to [-1, 1] after the colours only where it matters.
    private static float[] Run(float[] output, ColourTarget target, NoiseLevel level)
    {
        using SampleRing ring = new(Width, Height, historyLength: 0);
        Assert.True(ring.TryBeginWrite(out int first));
        ring.Sample(first).Clear();
        ring.Publish(0, new NoiseLevel(2, 0.5, 0.8));
        Assert.True(ring.TryBeginWrite(out int slot));
        HostStep step = new()
        {
            Samples = ring,
            Slot = slot,
            ClassOutput = output,
            Evaluation = new Evaluation(new Preconditioning(0, 1, 1, 0), 0, -1, 1, Clamp(output, target))
            {
                Colours = target,
            },
            Step = default,
        };
        step.Step.Denoised[0] = 1;
        step.Step.Target = level;
        Assert.True(HostStepKernel.Run(step));
        Assert.Equal(ring.Denoised(slot).ToArray(), ring.Sample(slot).ToArray());
        return ring.Denoised(slot).ToArray();
    }

    // Wide where the test is of the map alone.
    private static float Clamp(float[] output, ColourTarget target) =>
        target.Covariance is null || output.Any(value => Math.Abs(value) > 1) ? 8 : 1;

    private static float[] Draw(double scale)
    {
        float[] z = new float[3 * Pixels];
        GaussianNoise.Fill(z, Width, Height, 3, new NoiseSource(4), step: 1);
        for (int i = 0; i < Pixels; i++)
        {
            // Channels that go together, as colours do.
            z[Pixels + i] = (float)(scale * ((0.8 * z[i]) + (0.3 * z[Pixels + i])));
            z[(2 * Pixels) + i] = (float)(scale * ((0.5 * z[i]) + (0.4 * z[(2 * Pixels) + i])));
            z[i] *= (float)scale;
        }

        return Array.ConvertAll(z, value => Math.Clamp(value, -8f, 8f));
    }

    private static double[] Means(float[] image) =>
        [.. Enumerable.Range(0, 3).Select(c => image.Skip(c * Pixels).Take(Pixels).Average(value => (double)value))];

    private static double[,] Covariance(float[] image, double[] means)
    {
        double[,] result = new double[3, 3];
        for (int a = 0; a < 3; a++)
        {
            for (int b = 0; b < 3; b++)
            {
                result[a, b] = Enumerable.Range(0, Pixels).Average(
                    i => (image[(a * Pixels) + i] - means[a]) * (image[(b * Pixels) + i] - means[b]));
            }
        }

        return result;
    }
}
