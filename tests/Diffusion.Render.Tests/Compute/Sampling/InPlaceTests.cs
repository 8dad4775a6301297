using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Sharing;
using Diffusion.Render.Tests.Support;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Tests.Compute.Sampling;

/// <summary>Textures of a chain that runs on the device that shows them.</summary>
[Collection(VulkanTests.Name)]
public sealed class InPlaceTests(VulkanFixture vulkan)
{
    private const int Width = InPlaceRig.Width;
    private const int Height = InPlaceRig.Height;

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Frames_WhileTheChainRuns_ShowWhatTheDeviceHasAndReadNothingBack(bool waits)
    {
        using var rig = new InPlaceRig(vulkan.Device, waits);
        SharedTexture texture = rig.Textures.Add(rig.Ring, "test");
        while (rig.IsRunning)
        {
            rig.Runtime.Tick(TimeSpan.FromMilliseconds(1));
            rig.Frame();
        }

        rig.Frame();

        Assert.Equal((SharingPath.InPlace, 0L), (texture.Path, texture.TotalBytesCopied));
        Assert.Equal(0, rig.Samples.ReadCount);
        Assert.True(texture.TryGetLatest(out SharedImage image));
        Assert.Equal(InPlaceRig.Steps, image.Info.Step);
        Assert.Equal(
            TestSamples.ToRgba(rig.Ring.Sample(rig.Ring.CurrentSlot), Width * Height),
            ImageReader.Read(vulkan.Device, image, Width, Height));
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void Record_Denoised_ShowsTheCleanEstimate()
    {
        using var rig = new InPlaceRig(vulkan.Device, waits: true);
        SharedTexture texture = rig.Textures.Add(rig.Ring, "test");
        texture.Display = SampleView.Denoised;
        while (rig.Runtime.GetProgress(rig.Handle).Step < 3)
        {
            rig.Runtime.Tick(TimeSpan.FromMilliseconds(1));
        }

        rig.Frame();

        Assert.True(texture.TryGetLatest(out SharedImage image));
        Assert.Equal(
            TestSamples.ToRgba(rig.Ring.Denoised(rig.Ring.CurrentSlot), Width * Height),
            ImageReader.Read(vulkan.Device, image, Width, Height));
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void TryRead_HostAsks_CopiesOnceForEachStepReadAndNoMore()
    {
        using var rig = new InPlaceRig(vulkan.Device, waits: true);
        rig.Finish();
        var first = new byte[Width * Height * 4];
        var second = new byte[Width * Height * 4];

        Assert.True(SamplePixels.TryRead(rig.Ring, isDenoised: false, 0, first, Width * 4, out SampleInfo info));
        Assert.True(SamplePixels.TryRead(rig.Ring, isDenoised: false, 0, second, Width * 4, out _));
        Assert.False(SamplePixels.TryRead(
            rig.Ring, isDenoised: false, info.Generation, second, Width * 4, out _));

        Assert.Equal(1, rig.Samples.ReadCount);
        Assert.Equal(first, second);
        Assert.Equal(TestSamples.ToRgba(rig.Ring.Sample(rig.Ring.CurrentSlot), Width * Height), first);
        vulkan.AssertSilent();
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void TicksAndFrames_InPlace_AllocateNothing(bool waits)
    {
        using var rig = new InPlaceRig(vulkan.Device, waits);
        rig.Textures.Add(rig.Ring, "test");
        rig.RunTo(4);
        long before = GC.GetAllocatedBytesForCurrentThread();

        rig.RunTo(10);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [SkippableFact]
    public void Add_AnotherDevice_StagesAndSaysWhy()
    {
        using var rig = new InPlaceRig(vulkan.Device, waits: true);
        rig.Finish();
        using VulkanDevice other = VulkanDevice.Create(new VulkanDeviceOptions { EnableValidation = true });
        using var textures = new SharedTexturePass(other);
        using var target = new OffscreenTarget(other, 8, 8);
        using var renderer = new FrameRenderer(other, target, [textures]);

        SharedTexture texture = textures.Add(rig.Ring, "test");
        Assert.True(renderer.TryBeginFrame(out _));
        renderer.EndFrame();
        other.WaitIdle();

        Assert.Equal(SharingPath.Staging, texture.Path);
        Assert.Contains("not in host memory", texture.PathReason, StringComparison.Ordinal);
        Assert.True(texture.TryGetLatest(out SharedImage image));
        Assert.Equal(
            TestSamples.ToRgba(rig.Ring.Sample(rig.Ring.CurrentSlot), Width * Height),
            ImageReader.Read(other, image, Width, Height));
        VulkanException error = Assert.Throws<VulkanException>(
            () => textures.Add(rig.Ring, "test", SharingPath.InPlace));
        Assert.Contains("another device", error.Message, StringComparison.Ordinal);
        VulkanFixture.AssertSilent(other);
    }

    [SkippableFact]
    public void Add_HostRingInPlace_IsRefused()
    {
        using var textures = new SharedTexturePass(vulkan.Device);
        using var ring = new SampleRing(Width, Height, 0);

        VulkanException error = Assert.Throws<VulkanException>(() => textures.Add(ring, "test", SharingPath.InPlace));

        Assert.Contains("written by the host", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Chain_RobustBufferAccess_GivesTheSameBits()
    {
        float[] expected;
        using (var rig = new InPlaceRig(vulkan.Device, waits: true))
        {
            rig.Finish();
            expected = rig.Ring.Sample(rig.Ring.CurrentSlot).ToArray();
        }

        using VulkanDevice robust = VulkanDevice.Create(
            new VulkanDeviceOptions { EnableValidation = true, RobustBufferAccess = true });
        Assert.True(robust.Features.HasFlag(VulkanFeatures.RobustBufferAccess));
        using (var rig = new InPlaceRig(robust, waits: true))
        {
            rig.Finish();
            Assert.Equal(expected, rig.Ring.Sample(rig.Ring.CurrentSlot).ToArray());
        }

        VulkanFixture.AssertSilent(robust);
    }
}
