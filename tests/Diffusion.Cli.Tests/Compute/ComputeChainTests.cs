using Diffusion.Cli.Generation;
using Diffusion.Render.Compute;
using Diffusion.Runtime;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Models;
using Diffusion.Torch;

namespace Diffusion.Cli.Tests.Compute;

/// <summary>Whole chains of the shipped model on the compute backend.</summary>
public sealed class ComputeChainTests(ComputeFixture compute) : IClassFixture<ComputeFixture>
{
    /// <summary>Twenty steps, each of which may be off by 1e-4 of the image's range.</summary>
    private const double ChainRounding = 1e-3;

    private static readonly TextureRequest _request = new()
    {
        Width = 32, Height = 32, ClassLabel = 3, Seed = 5, Steps = 20, GuidanceScale = 3,
    };

    private readonly ModelFolder _folder = ModelFolder.Open(ModelLocator.Find(null));

    [SkippableFact]
    public void Chain_TwentyGuidedSteps_EqualsTorch()
    {
        using ComputeBackend backend = Open();
        using TorchBackend torch = new(_folder);

        float[] expected = Run(torch, _request);
        float[] actual = Run(backend, _request);

        Assert.InRange(SliceParity.Difference(expected, actual), 0, ChainRounding);
        compute.AssertSilent();
    }

    [SkippableFact]
    public void Chain_SameSeed_GivesTheSameBitsWaitedForOrNot()
    {
        TextureRequest request = _request with { Steps = 3 };
        using ComputeBackend waiting = Open();
        using ComputeBackend beside = Open(new ComputeBackendOptions { WaitsForSlices = false });

        float[] first = Run(waiting, request);

        Assert.Equal(first, Run(waiting, request));
        Assert.Equal(first, Run(beside, request));
        Assert.NotEqual(first, Run(waiting, request with { Seed = 6 }));
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

        Finish(runtime, handle);

        var ring = runtime.GetSamples(handle);
        Assert.Equal(Run(backend, request), ring.Sample(ring.CurrentSlot).ToArray());
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

    private ComputeBackend Open(ComputeBackendOptions? options = null) =>
        new(_folder, compute.Device, options, compute.Kernels);

    private float[] Run(IDenoiserBackend backend, TextureRequest request)
    {
        using DiffusionRuntime runtime = new(backend, _folder.Description);
        TextureHandle handle = runtime.Submit(request);
        Finish(runtime, handle);
        var ring = runtime.GetSamples(handle);
        return ring.Sample(ring.CurrentSlot).ToArray();
    }

    private static void Finish(DiffusionRuntime runtime, TextureHandle handle)
    {
        while (runtime.GetProgress(handle) is { Status: ChainStatus.Running or ChainStatus.Waiting })
        {
            runtime.Tick(TimeSpan.MaxValue);
        }

        TextureProgress progress = runtime.GetProgress(handle);
        Assert.Equal((ChainStatus.Completed, null), (progress.Status, progress.FailureReason));
    }
}
