using Diffusion.Render.Compute;
using Diffusion.Render.Devices;
using Diffusion.Render.Tests.Support;
using Diffusion.Runtime;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Render.Tests.Compute;

[Collection(VulkanTests.Name)]
public sealed class ComputeBackendTests(VulkanFixture vulkan)
{
    private static readonly SessionOptions _shape = new() { Width = 16, Height = 8 };

    private static readonly Evaluation _evaluation = new(
        new Preconditioning(CSkip: 0, COut: 1, CIn: 1, CNoise: 500), 1, 2, 1, ClampLimit: float.PositiveInfinity);

    [SkippableFact]
    public void Backend_Made_SaysWhatItIs()
    {
        using TestModelFolder model = new();
        using ComputeBackend backend = new(model.Folder, vulkan.Device);

        Assert.Equal("compute", backend.Name);
        Assert.Contains(vulkan.Device.Info.Name, backend.Device, StringComparison.Ordinal);
        Assert.Same(model.Folder.Config, backend.Config);
    }

    [SkippableFact]
    public void Backend_WeightMissing_NamesIt()
    {
        using TestModelFolder model = new(leftOut: "mid_block.resnets.0.conv1.bias");

        ModelFormatException error = Assert.Throws<ModelFormatException>(
            () => new ComputeBackend(model.Folder, vulkan.Device).Dispose());

        Assert.Contains("lacks mid_block.resnets.0.conv1.bias", error.Message, StringComparison.Ordinal);
        vulkan.AssertSilent();
    }

    [SkippableTheory]
    [InlineData(15, 8)]
    [InlineData(16, 0)]
    [InlineData(-2, 8)]
    public void CreateSession_SizeOffTheStride_NamesTheRule(int width, int height)
    {
        using TestModelFolder model = new();
        using ComputeBackend backend = new(model.Folder, vulkan.Device);

        ArgumentException error = Assert.Throws<ArgumentException>(
            () => backend.CreateSession(new SessionOptions { Width = width, Height = height }));

        Assert.Contains($"{width}x{height}", error.Message, StringComparison.Ordinal);
        Assert.Contains("multiples of 2", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Session_SlicesOutOfOrder_AreRefusedAndNothingIsSubmitted()
    {
        using TestModelFolder model = new();
        using ComputeBackend backend = new(model.Folder, vulkan.Device);
        using IDenoiserSession session = backend.CreateSession(_shape);
        session.Start(new NoiseLevel(500, 0.6, 0.8), new NoiseSource(1));
        ulong submitted = vulkan.Device.Timeline.Submitted;

        Assert.Throws<InvalidOperationException>(() => session.RunSlice(0));
        session.BeginEvaluation(_evaluation);
        Assert.Throws<InvalidOperationException>(() => session.RunSlice(1));
        Assert.Throws<InvalidOperationException>(() => session.CompleteStep(default, default, 1));
        Assert.Throws<ArgumentException>(() => session.BeginEvaluation(_evaluation with { ClassLabel = 3 }));
        Assert.Throws<ArgumentException>(() => session.BeginEvaluation(_evaluation with { GuidanceScale = 2 }));
        Assert.Equal(submitted, vulkan.Device.Timeline.Submitted);
    }

    [SkippableFact]
    public void Session_OutputIsNotFinite_IsReportedAndTheSessionStartsAnew()
    {
        using TestModelFolder model = new(scale: 1e25f);
        using ComputeBackend backend = new(model.Folder, vulkan.Device);
        using IDenoiserSession session = backend.CreateSession(_shape);

        for (int i = 0; i < 2; i++)
        {
            session.Start(new NoiseLevel(500, 0.6, 0.8), new NoiseSource(1));
            Assert.Throws<NonFiniteSampleException>(() => Step(session));
        }

        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void Disposed_EveryVerb_SaysSo()
    {
        using TestModelFolder model = new();
        ComputeBackend backend = new(model.Folder, vulkan.Device);
        IDenoiserSession session = backend.CreateSession(_shape);
        session.Dispose();
        session.Dispose();
        backend.Dispose();
        backend.Dispose();

        Assert.Throws<ObjectDisposedException>(() => session.RunSlice(0));
        Assert.Throws<ObjectDisposedException>(() => session.BeginEvaluation(_evaluation));
        Assert.Throws<ObjectDisposedException>(() => session.Start(new NoiseLevel(500, 0.6, 0.8), default));
        Assert.Throws<ObjectDisposedException>(() => backend.CreateSession(_shape));
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void Dispose_SlicesInFlight_WaitsForTheDeviceBeforeMemoryGoes()
    {
        using TestModelFolder model = new();
        using ComputeBackend backend = new(
            model.Folder, vulkan.Device, new ComputeBackendOptions { WaitsForSlices = false });
        IDenoiserSession session = backend.CreateSession(_shape);
        session.Start(new NoiseLevel(500, 0.6, 0.8), new NoiseSource(1));
        session.BeginEvaluation(_evaluation);
        for (int i = 0; i < session.Slices.Count; i++)
        {
            session.RunSlice(i);
        }

        session.Dispose();

        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void Session_BesideTheHost_TellsTheTimeOfEachSliceOnce()
    {
        Skip.IfNot(vulkan.Device.Limits.TimestampComputeAndGraphics, "The device has no timestamps.");
        using TestModelFolder model = new();
        using ComputeBackend backend = new(
            model.Folder, vulkan.Device, new ComputeBackendOptions { WaitsForSlices = false });
        using IDenoiserSession session = backend.CreateSession(_shape);
        session.Start(new NoiseLevel(500, 0.6, 0.8), new NoiseSource(1));
        for (int i = 0; i < 2; i++)
        {
            Step(session);
            vulkan.Device.WaitIdle();
            Assert.True(session.TryFinish());

            // The last is the solver's step.
            for (int expected = 0; expected <= session.Slices.Count; expected++)
            {
                Assert.True(session.TryReadCost(out int slice, out TimeSpan cost));
                Assert.Equal(expected, slice);
                Assert.InRange(cost, TimeSpan.Zero, TimeSpan.FromSeconds(10));
            }

            Assert.False(session.TryReadCost(out _, out _));
        }
    }

    [SkippableFact]
    public void Tick_DeviceLost_FailsTheTextureAndSaysSo()
    {
        _ = vulkan.Device;
        using TestModelFolder model = new();
        var faulty = new FaultyVulkan();
        using VulkanDevice device = VulkanDevice.Create(new VulkanDeviceOptions { LoadApi = faulty.Load });
        using ComputeBackend backend = new(model.Folder, device);
        using DiffusionRuntime runtime = new(backend, model.Folder.Description);
        TextureHandle handle = runtime.Submit(new TextureRequest { Width = 8, Height = 8, ClassLabel = 0 });
        faulty.LoseDevice();

        runtime.Tick(TimeSpan.MaxValue);

        TextureProgress progress = runtime.GetProgress(handle);
        Assert.Equal(ChainStatus.Failed, progress.Status);
        Assert.Contains("device was lost", progress.FailureReason, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Tick_OutputIsNotFinite_FailsTheTextureAndNamesTheStep(bool waits)
    {
        using TestModelFolder model = new(scale: 1e25f);
        using ComputeBackend backend = new(
            model.Folder, vulkan.Device, new ComputeBackendOptions { WaitsForSlices = waits });
        using DiffusionRuntime runtime = new(backend, model.Folder.Description);
        TextureHandle handle = runtime.Submit(
            new TextureRequest { Width = 8, Height = 8, ClassLabel = 0, Steps = 1 });

        RunToEnd(runtime, handle);

        TextureProgress progress = runtime.GetProgress(handle);
        Assert.Equal(ChainStatus.Failed, progress.Status);
        Assert.Contains("Step 1 produced values that are not finite", progress.FailureReason, StringComparison.Ordinal);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void Tick_BesideTheHost_HandsOverSeveralStepsATickOnceTheirTimesAreKnown()
    {
        using TestModelFolder model = new();
        using ComputeBackend backend = new(
            model.Folder, vulkan.Device, new ComputeBackendOptions { WaitsForSlices = false });
        using DiffusionRuntime runtime = new(backend, model.Folder.Description);
        TextureHandle handle = runtime.Submit(
            new TextureRequest { Width = 8, Height = 8, ClassLabel = 0, Steps = 100 });
        while (runtime.GetProgress(handle).Step < 2)
        {
            runtime.Tick(TimeSpan.MaxValue);
        }

        vulkan.Device.WaitIdle();
        TickReport report = runtime.Tick(TimeSpan.MaxValue);

        Assert.True(report.StepsCompleted > 1, $"{report.StepsCompleted} steps were handed over");
        RunToEnd(runtime, handle);
        Assert.Equal(ChainStatus.Completed, runtime.GetProgress(handle).Status);
        vulkan.AssertSilent();
    }

    private static void RunToEnd(DiffusionRuntime runtime, TextureHandle handle)
    {
        while (runtime.GetProgress(handle).Status is ChainStatus.Running or ChainStatus.Waiting)
        {
            runtime.Tick(TimeSpan.MaxValue);
        }
    }

    private static void Step(IDenoiserSession session)
    {
        session.BeginEvaluation(_evaluation);
        for (int i = 0; i < session.Slices.Count; i++)
        {
            session.RunSlice(i);
        }

        LinearStep step = default;
        step.Denoised[0] = 1;
        step.Target = new NoiseLevel(400, 0.8, 0.6);
        SpinWait wait = default;
        while (!session.CompleteStep(step, new NoiseSource(1), 1))
        {
            wait.SpinOnce();
        }
    }
}
