using System.Numerics;
using Diffusion.Cli.Generation;
using Diffusion.Cli.Tests.Generation;
using Diffusion.Render.Compute;
using Diffusion.Runtime;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Solvers;
using Diffusion.Torch;
using Xunit.Abstractions;

namespace Diffusion.Cli.Tests.Compute;

/// <summary>Whole chains of the shipped model on the compute backend.</summary>
public sealed class ComputeChainTests(ComputeFixture compute, ITestOutputHelper output)
    : IClassFixture<ComputeFixture>
{
    /// <summary>Twenty steps, each of which may be off by 1e-4 of the image's range.</summary>
    private const double ChainRounding = 1e-3;

    private static readonly TextureRequest _request = new()
    {
        Width = 32,
        Height = 32,
        ClassLabel = 3,
        Seed = 5,
        Steps = 20,
        GuidanceScale = 3,
    };

    private readonly ModelFolder _folder = ModelFolder.Open(ModelLocator.Find(null));

    [SkippableFact]
    public void Chain_TwentyGuidedSteps_EqualsTorch()
    {
        using ComputeBackend backend = Open();
        using TorchBackend torch = new(_folder);

        float[] expected = ChainRun.Run(torch, _folder, _request);
        float[] actual = ChainRun.Run(backend, _folder, _request);

        AssertSame(expected, actual);
        compute.AssertSilent();
    }

    [SkippableTheory]
    [InlineData("ddim", 1f)]
    [InlineData("ddpm", 1f)]
    [InlineData("euler-ancestral", 3f)]
    [InlineData("heun", 3f)]
    [InlineData("edm", 1f)]
    [InlineData("dpmpp-2s", 1f)]
    [InlineData("dpmpp-3m", 3f)]
    [InlineData("dpmpp-3m-sde", 1f)]
    [InlineData("unipc-3", 1f)]
    [InlineData("pndm", 1f)]
    [InlineData("pc", 1f)]
    public void Chain_AnySolver_EqualsTorchOverTwentySteps(string solver, float guidance)
    {
        AssertEqualsTorch(_request with
        {
            Width = 16,
            Height = 16,
            Solver = SolverCatalog.Parse(solver),
            GuidanceScale = guidance,
        });
    }

    [SkippableTheory]
    [InlineData(null)]
    [InlineData(1)]
    public void Chain_GuidedInAnInterval_EqualsTorch(int? secondClass)
    {
        AssertEqualsTorch(_request with
        {
            Width = 24,
            Height = 16,
            GuidanceInterval = new GuidanceInterval(0.3, 3),
            SecondClassLabel = secondClass,
            SecondClassWeight = secondClass is null ? null : 0.4f,
        });
    }

    [SkippableTheory]
    [InlineData(0.995f, true)]
    [InlineData(0, false)]
    public void Chain_ThresholdedOrUnclampedFromAnImage_EqualsTorch(float threshold, bool clamp)
    {
        AssertEqualsTorch(_request with
        {
            Width = 16,
            Height = 16,
            ThresholdRatio = threshold,
            Clamp = clamp,
            Image = Enumerable.Range(0, 3 * 16 * 16).Select(i => MathF.Sin(i)).ToArray(),
            Strength = 0.7,
        });
    }

    [SkippableTheory]
    [InlineData("dpmpp-2m", 3f)]
    [InlineData("ddpm", 1f)]
    public void Chain_VariedMixedAndColoured_EqualsTorch(string solver, float guidance)
    {
        AssertEqualsTorch(_request with
        {
            Width = 16,
            Height = 16,
            Solver = SolverCatalog.Parse(solver),
            GuidanceScale = guidance,
            SecondClassLabel = 1,
            SecondClassMask = Enumerable.Range(0, 16 * 16).Select(i => (i % 16) / 15f).ToArray(),
            VariationSeed = 9,
            Variation = 0.4f,
            Colours = new ColourTarget
            {
                Mean = new Vector3(0.2f, -0.1f, -0.3f),
                Covariance = new(0.05f, 0.02f, 0, 0.04f, 0.01f, 0.03f),
            },
        });
    }

    [SkippableTheory]
    [InlineData("dpmpp-2m", 0)]
    [InlineData("ddpm", 0)]
    [InlineData("heun", 0)]
    [InlineData("pc", 0.9f)]
    public void Chain_Mask_EqualsTorchAndKeepsToTheBit(string solver, float threshold)
    {
        float[] image = [.. Enumerable.Range(0, 3 * 16 * 16).Select(i => MathF.Sin(i / 9f))];
        float[] mask = [.. Enumerable.Range(0, 16 * 16).Select(i => i % 16 < 8 ? 0f : i % 16 < 10 ? 0.5f : 1f)];
        TextureRequest request = _request with
        {
            Width = 16,
            Height = 16,
            Solver = SolverCatalog.Parse(solver),
            ThresholdRatio = threshold,
            Image = image,
            Mask = mask,
        };

        float[] actual = AssertEqualsTorch(request);
        IEnumerable<int> kept = Enumerable.Range(0, image.Length).Where(i => mask[i % 256] == 0);
        Assert.All(kept, i => Assert.Equal(image[i], actual[i]));
    }

    [SkippableFact]
    public void Retarget_FinishedTexture_StartsFromItsOwnImage()
    {
        using ComputeBackend backend = Open();
        using TorchBackend torch = new(_folder);
        TextureRequest request = _request with { Width = 16, Height = 16, Steps = 4 };
        TextureRequest second = request with { ClassLabel = 1, Strength = 0.5 };

        AssertSame(RunTwice(torch), RunTwice(backend));

        float[] RunTwice(IDenoiserBackend on)
        {
            using DiffusionRuntime runtime = new(on, _folder.Description);
            TextureHandle handle = runtime.Submit(request);
            ChainRun.Finish(runtime, handle);
            runtime.Retarget(handle, second);
            ChainRun.Finish(runtime, handle);
            return ChainRun.SampleOf(runtime, handle);
        }
    }

    [SkippableFact]
    public void Chain_SameSeed_GivesTheSameBitsWaitedForOrNot()
    {
        TextureRequest request = _request with { Steps = 3 };
        using ComputeBackend waiting = Open();
        using ComputeBackend beside = Open(new ComputeBackendOptions { WaitsForSlices = false });

        float[] first = ChainRun.Run(waiting, _folder, request);

        Assert.Equal(first, ChainRun.Run(waiting, _folder, request));
        Assert.Equal(first, ChainRun.Run(beside, _folder, request));
        Assert.NotEqual(first, ChainRun.Run(waiting, _folder, request with { Seed = 6 }));
        compute.AssertSilent();
    }

    [SkippableFact]
    public void Restart_SlicesInFlight_BeginsAnewAndEndsAsIfAlone()
    {
        TextureRequest request = _request with { Steps = 2 };
        using ComputeBackend backend = Open(new ComputeBackendOptions { WaitsForSlices = false });
        using DiffusionRuntime runtime = new(backend, _folder.Description);
        TextureHandle handle = runtime.Submit(_request);
        runtime.Tick(TimeSpan.MaxValue);
        runtime.Restart(handle, request);

        ChainRun.Finish(runtime, handle);

        Assert.Equal(ChainRun.Run(backend, _folder, request), ChainRun.SampleOf(runtime, handle));
        compute.AssertSilent();
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Tick_WholeSteps_AllocatesNothing(bool waits)
    {
        using ComputeBackend backend = Open(new ComputeBackendOptions { WaitsForSlices = waits });
        using DiffusionRuntime runtime = new(backend, _folder.Description);
        TextureHandle handle = runtime.Submit(_request with { Steps = 12 });
        while (runtime.GetProgress(handle).Step < 4)
        {
            runtime.Tick(TimeSpan.FromMilliseconds(50));
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        while (runtime.GetProgress(handle).Step < 8)
        {
            runtime.Tick(TimeSpan.FromMilliseconds(50));
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private float[] AssertEqualsTorch(TextureRequest request)
    {
        using ComputeBackend backend = Open();
        using TorchBackend torch = new(_folder);
        float[] actual = ChainRun.Run(backend, _folder, request);
        AssertSame(ChainRun.Run(torch, _folder, request), actual);
        compute.AssertSilent();
        return actual;
    }

    private void AssertSame(float[] expected, float[] actual)
    {
        double difference = SliceParity.Difference(expected, actual);
        output.WriteLine($"differs by {difference:e1}");
        Assert.InRange(difference, 0, ChainRounding);
    }

    private ComputeBackend Open(ComputeBackendOptions? options = null) =>
        new(_folder, compute.Device, options, compute.Kernels);
}
