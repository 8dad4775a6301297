using Diffusion.Render.Devices;
using Diffusion.Render.Sharing;
using Diffusion.Render.Tests.Support;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Tests.Compute.Sampling;

/// <summary>Networks on a queue and a timeline of their own beside frames.</summary>
/// <remarks>llvmpipe has one queue, so here both timelines order the same one.</remarks>
[Collection(VulkanTests.Name)]
public sealed class AsyncComputeTests(VulkanFixture vulkan)
{
    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Frames_BesideTheChain_ShowTheSameBitsAsOnOneQueue(bool waits)
    {
        float[] expected;
        using (var rig = new InPlaceRig(vulkan.Device, waits))
        {
            rig.Finish();
            expected = rig.Ring.Sample(rig.Ring.CurrentSlot).ToArray();
        }

        using VulkanDevice device = Create();
        using (var rig = new InPlaceRig(device, waits))
        {
            SharedTexture texture = rig.Textures.Add(rig.Ring, "test");
            ulong frames = device.Timeline.Submitted;
            while (rig.IsRunning)
            {
                rig.Runtime.Tick(TimeSpan.FromMilliseconds(1));
                rig.Frame();
                frames++;
            }

            Assert.True(device.HasAsyncCompute);
            Assert.Equal(frames, device.Timeline.Submitted);
            rig.ShowNewest();
            Assert.Equal(SharingPath.InPlace, texture.Path);
            Assert.True(texture.TryGetLatest(out SharedImage image));
            Assert.Equal(InPlaceRig.Steps, image.Info.Step);
            Assert.Equal(expected, rig.Ring.Sample(rig.Ring.CurrentSlot).ToArray());
            Assert.Equal(
                TestSamples.ToRgba(expected, InPlaceRig.Width * InPlaceRig.Height),
                ImageReader.Read(device, image, InPlaceRig.Width, InPlaceRig.Height));
        }

        device.WaitIdle();
        VulkanFixture.AssertSilent(device);
    }

    [SkippableFact]
    public void Frame_AStepIsDone_ShowsItWhileTheChainGoesOn()
    {
        _ = vulkan.Device;
        using VulkanDevice device = Create();
        using var rig = new InPlaceRig(device, waits: false);
        SharedTexture texture = rig.Textures.Add(rig.Ring, "test");
        rig.RunTo(3);
        device.WaitIdle();

        rig.Frame();

        Assert.True(texture.TryGetLatest(out SharedImage image));
        Assert.InRange(image.Info.Step, 0, InPlaceRig.Steps - 1);
        Assert.True(rig.IsRunning);
    }

    [SkippableFact]
    public void TicksAndFrames_BesideTheChain_AllocateNothing()
    {
        _ = vulkan.Device;
        using VulkanDevice device = Create();
        using var rig = new InPlaceRig(device, waits: false);
        rig.Textures.Add(rig.Ring, "test");
        rig.RunTo(4);
        long before = GC.GetAllocatedBytesForCurrentThread();

        rig.RunTo(10);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [SkippableFact]
    public void Texture_GoneWhileItAwaitsAStep_GivesTheLeaseBack()
    {
        _ = vulkan.Device;
        using VulkanDevice device = Create();
        using var rig = new InPlaceRig(device, waits: false);
        SharedTexture texture = rig.Textures.Add(rig.Ring, "test");
        rig.RunTo(3);

        texture.Dispose();
        rig.Finish();

        Assert.True(rig.Ring.TryAcquireLatest(0, out SampleLease lease));
        rig.Ring.Release(lease);
        Assert.Throws<InvalidOperationException>(() => rig.Ring.Release(lease));
        device.WaitIdle();
        VulkanFixture.AssertSilent(device);
    }

    [SkippableFact]
    public void Adopt_QueueForCompute_RunsChainsUnderItsLock()
    {
        _ = vulkan.Device;
        var host = new EngineHost(takesOptional: false);
        EngineDevice lent = host.Lent with { Compute = new EngineCompute(host.Queue, host.QueueFamily) };
        using (VulkanDevice device = VulkanDevice.Adopt(lent))
        using (var rig = new InPlaceRig(device, waits: false))
        using (var engine = new EngineSubmitter(host))
        {
            SharedTexture texture = rig.Textures.Add(rig.Ring, "test");
            rig.RunTo(InPlaceRig.Steps);
            rig.Finish();
            rig.ShowNewest();
            engine.Stop();

            Assert.True(device.HasAsyncCompute);
            Assert.True(texture.TryGetLatest(out SharedImage image));
            Assert.Equal(InPlaceRig.Steps, image.Info.Step);
        }

        host.AssertSilent();
        host.Dispose();
        host.AssertSilent();
    }

    [SkippableFact]
    public void Adopt_FamilyThatIsNot_NamesIt()
    {
        _ = vulkan.Device;
        using var host = new EngineHost(takesOptional: false);

        VulkanException error = Assert.Throws<VulkanException>(() => VulkanDevice.Adopt(
            host.Lent with { Compute = new EngineCompute(host.Queue, 99) }).Dispose());
        Assert.Throws<ArgumentException>(() => VulkanDevice.Adopt(
            host.Lent with { Compute = new EngineCompute(default, 0) }).Dispose());

        Assert.Contains("Queue family 99", error.Message, StringComparison.Ordinal);
    }

    private static VulkanDevice Create() => VulkanDevice.Create(
        new VulkanDeviceOptions { EnableValidation = true, AsyncCompute = true });
}
