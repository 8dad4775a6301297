using System.Numerics;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests;

/// <summary>Variation, second class and colours through whole chains whose denoiser has a closed form.</summary>
public sealed class ControlTests
{
    private const int Pixels = 8 * 8;

    private static readonly TextureRequest _request = new()
    {
        Width = 8,
        Height = 8,
        ClassName = "stone",
        Seed = 7,
        Steps = 12,
        Clamp = false,
    };

    [Theory]
    [InlineData("dpmpp-2m")]
    [InlineData("ddpm")]
    [InlineData("dpmpp-2m-sde")]
    public void Variation_AtItsEnd_IsTheOtherSeedsTextureToTheBit(string solver)
    {
        TextureRequest request = _request with { Solver = SolverCatalog.Parse(solver) };

        Assert.Equal(Run(request with { Seed = 9 }), Run(request with { VariationSeed = 9, Variation = 1 }));
        Assert.Equal(Run(request), Run(request with { VariationSeed = 9, Variation = 0 }));
    }

    [Fact]
    public void Variation_GaussianData_IsTheSameArcBetweenTheTextures()
    {
        // The flow of Gaussian data is linear: x = m + k·z, so that the arc of the noise is the arc of x - m.
        float[] first = Run(_request);
        float[] second = Run(_request with { Seed = 9 });
        float[] flat = Run(_request, mean: 0);
        float[] between = Run(_request with { VariationSeed = 9, Variation = 0.25f });

        double mean = first[0] - flat[0];
        for (int i = 0; i < between.Length; i++)
        {
            double expected = mean + (Math.Cos(Math.PI / 8) * (first[i] - mean))
                + (Math.Sin(Math.PI / 8) * (second[i] - mean));
            Assert.Equal(expected, between[i], 1e-4);
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.3f)]
    [InlineData(1f)]
    public void SecondClass_ByWeight_IsTheGaussianBetweenTheTwo(float weight)
    {
        // Of equal variances, the mix of two Gaussians' estimates is that of the Gaussian with the mixed mean.
        float[] expected = Run(_request, mean: 0.4 + (weight * (-0.6 - 0.4)));
        float[] mixed = RunMixed(_request with { SecondClassName = "wood", SecondClassWeight = weight });

        AssertClose(expected, mixed, _ => true);
    }

    [Fact]
    public void SecondClass_ByMask_IsEachClassWhereTheMaskSaysSo()
    {
        float[] mask = [.. Enumerable.Range(0, Pixels).Select(i => i % 8 < 4 ? 0f : 1f)];
        float[] mixed = RunMixed(_request with { SecondClassLabel = 1, SecondClassMask = mask });

        AssertClose(Run(_request, mean: 0.4), mixed, pixel => mask[pixel] == 0);
        AssertClose(Run(_request, mean: -0.6), mixed, pixel => mask[pixel] == 1);
    }

    [Fact]
    public void SecondClass_ThatIsTheFirst_CostsNothing()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle handle = runtime.Submit(_request);

        Assert.True(runtime.KeepsSamples(
            handle, _request with { SecondClassName = "stone", SecondClassWeight = 0.5f }));
        Assert.False(runtime.KeepsSamples(
            handle, _request with { SecondClassName = "wood", SecondClassWeight = 0.5f }));
    }

    [Fact]
    public void SecondClass_OfANetworkThatReadsItsVariance_IsRefused()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = new(
            backend, GaussianBackend.Model with { PredictsVariance = true });

        ArgumentException error = Assert.Throws<ArgumentException>(() => runtime.Submit(_request with
        {
            Solver = SolverCatalog.Parse("ddpm-learned"),
            SecondClassName = "wood",
            SecondClassWeight = 0.5f,
        }));

        Assert.Contains("reads the variance of one class", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Retarget_InWork_TakesTheNewMaskFromTheNextEvaluationOn()
    {
        // From stone to wood by the mask, and by the class.
        float[] ones = [.. Enumerable.Repeat(1f, Pixels)];
        TextureRequest masked = _request with { SecondClassName = "wood", SecondClassMask = new float[Pixels] };

        float[] byMask = RunInto(masked, masked with { SecondClassMask = ones });
        float[] byClass = RunInto(_request, _request with { ClassName = "wood" });

        AssertClose(byClass, byMask, _ => true);
        Assert.True(Math.Abs(byClass[0] - RunInto(masked, masked)[0]) > 0.01);
    }

    [Fact]
    public void Retarget_InWork_TakesTheNewColours()
    {
        Vector3 mean = new(0.5f, 0.25f, -0.25f);

        AssertMeans(mean, RunInto(_request, _request with { Colours = new ColourTarget { Mean = mean } }));
    }

    [Fact]
    public void Retarget_ToAndFromASecondClass_IsRefused()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle handle = runtime.Submit(_request);

        ArgumentException error = Assert.Throws<ArgumentException>(() => runtime.Retarget(
            handle, _request with { SecondClassName = "wood", SecondClassWeight = 0.5f }));

        Assert.Contains("whether guidance and a second class are used", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dpmpp-2m", true)]
    [InlineData("heun", true)]
    [InlineData("ddpm", false)]
    public void MeanColour_WhatEverTheSolver_IsTheFinishedTexturesMean(string solver, bool clamp)
    {
        Vector3 mean = new(0.1f, -0.2f, 0.3f);
        float[] texture = Run(_request with
        {
            Solver = SolverCatalog.Parse(solver),
            Clamp = clamp,
            Colours = new ColourTarget { Mean = mean },
        });

        // Half a step of 8 bits, for what the clamp cuts off.
        AssertMeans(mean, texture, 0.5 / 127.5);
    }

    [Fact]
    public void MeanColour_GaussianDataWithoutClamp_OnlyMovesTheMean()
    {
        // Each channel's mean is a mode of its own of the linear flow: what is about it stays.
        Vector3 mean = new(0.1f, -0.2f, 0.3f);
        float[] own = Run(_request);
        float[] moved = Run(_request with { Colours = new ColourTarget { Mean = mean } });

        for (int channel = 0; channel < 3; channel++)
        {
            double centre = own.Skip(channel * Pixels).Take(Pixels).Average(value => (double)value);
            for (int i = channel * Pixels; i < (channel + 1) * Pixels; i++)
            {
                Assert.Equal(own[i] - centre, moved[i] - mean[channel], 1e-4);
            }
        }
    }

    [Fact]
    public void Tick_WithEveryControl_AllocatesNothing()
    {
        using GaussianBackend backend = new() { MeanOf = MeanOf };
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle handle = runtime.Submit(_request with
        {
            Solver = SolverCatalog.Parse("ddpm"),
            Steps = 400,
            SecondClassName = "wood",
            SecondClassMask = new float[Pixels],
            VariationSeed = 3,
            Variation = 0.5f,
            Colours = new ColourTarget { Mean = Vector3.Zero, Covariance = new(0.1f, 0, 0, 0.1f, 0, 0.1f) },
        });
        for (int i = 0; i < 200; i++)
        {
            runtime.Tick(TimeSpan.FromMilliseconds(3));
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 200; i++)
        {
            runtime.Tick(TimeSpan.FromMilliseconds(3));
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(ChainStatus.Running, runtime.GetProgress(handle).Status);
    }

    private static double MeanOf(int label) => label == 1 ? -0.6 : 0.4;

    private static float[] RunMixed(TextureRequest request)
    {
        using GaussianBackend backend = new() { MeanOf = MeanOf };
        return Run(backend, request);
    }

    private static float[] Run(TextureRequest request, double mean = GaussianBackend.Mean)
    {
        using GaussianBackend backend = new() { MeanOf = _ => mean };
        return Run(backend, request);
    }

    // Three steps of the first, the rest of the second.
    private static float[] RunInto(TextureRequest first, TextureRequest second)
    {
        using GaussianBackend backend = new() { MeanOf = MeanOf };
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle handle = runtime.Submit(first);
        while (runtime.GetProgress(handle).Step < 3)
        {
            runtime.Tick(TimeSpan.FromMilliseconds(1));
        }

        runtime.Retarget(handle, second);
        runtime.Tick(TimeSpan.MaxValue);
        Assert.Equal(ChainStatus.Completed, runtime.GetProgress(handle).Status);
        return runtime.GetSamples(handle).Sample(runtime.GetSamples(handle).CurrentSlot).ToArray();
    }

    private static float[] Run(GaussianBackend backend, TextureRequest request)
    {
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle handle = runtime.Submit(request);
        runtime.Tick(TimeSpan.MaxValue);
        Assert.Equal(ChainStatus.Completed, runtime.GetProgress(handle).Status);
        return runtime.GetSamples(handle).Sample(runtime.GetSamples(handle).CurrentSlot).ToArray();
    }

    private static DiffusionRuntime Create(GaussianBackend backend) =>
        new(backend, GaussianBackend.Model, new RuntimeOptions { Clock = backend.Clock });

    private static void AssertMeans(Vector3 expected, ReadOnlySpan<float> image, double tolerance = 1e-4)
    {
        for (int channel = 0; channel < 3; channel++)
        {
            double sum = 0;
            foreach (float value in image.Slice(channel * Pixels, Pixels))
            {
                sum += value;
            }

            Assert.Equal(expected[channel], sum / Pixels, tolerance);
        }
    }

    private static void AssertClose(float[] expected, float[] actual, Func<int, bool> concerns)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            if (concerns(i % Pixels))
            {
                Assert.Equal(expected[i], actual[i], 1e-4);
            }
        }
    }
}
