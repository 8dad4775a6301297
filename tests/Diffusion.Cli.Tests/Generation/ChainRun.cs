using Diffusion.Runtime;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Cli.Tests.Generation;

/// <summary>Whole chains, without a frame that waits.</summary>
internal static class ChainRun
{
    /// <summary>The texture of a request on a backend, planar [3, H, W]; it must complete.</summary>
    public static float[] Run(IDenoiserBackend backend, ModelFolder folder, TextureRequest request)
    {
        using DiffusionRuntime runtime = new(backend, folder.Description);
        TextureHandle handle = runtime.Submit(request);
        Finish(runtime, handle);
        return SampleOf(runtime, handle);
    }

    /// <summary>Ticks until the texture is over, which it must be by completing.</summary>
    public static void Finish(DiffusionRuntime runtime, TextureHandle handle)
    {
        while (!IsOver(runtime, handle))
        {
            runtime.Tick(TimeSpan.MaxValue);
        }

        AssertCompleted(runtime, handle);
    }

    /// <summary>Whether there is nothing left to do for the texture.</summary>
    public static bool IsOver(DiffusionRuntime runtime, TextureHandle handle) =>
        runtime.GetProgress(handle).Status is not (ChainStatus.Running or ChainStatus.Waiting);

    /// <summary>The image of a texture, which must have completed.</summary>
    public static float[] SampleOf(DiffusionRuntime runtime, TextureHandle handle)
    {
        AssertCompleted(runtime, handle);
        SampleRing ring = runtime.GetSamples(handle);
        return ring.Sample(ring.CurrentSlot).ToArray();
    }

    private static void AssertCompleted(DiffusionRuntime runtime, TextureHandle handle)
    {
        TextureProgress progress = runtime.GetProgress(handle);
        Assert.Equal((ChainStatus.Completed, null), (progress.Status, progress.FailureReason));
    }
}
