using System.Numerics;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Sharing;
using Diffusion.Render.Tests.Support;
using Diffusion.Render.Windowing;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Tests.Devices;

/// <summary>On an engine's device: <see cref="EngineHost"/> is the engine.</summary>
[Collection(VulkanTests.Name)]
public sealed class EngineDeviceTests(VulkanFixture vulkan)
{
    private const int Frames = 1000;
    private const int Size = 16;

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Adopt_ThousandFramesBesideAnotherSubmitter_AreSilent(bool takesOptional)
    {
        _ = vulkan.Device;
        var host = new EngineHost(takesOptional);
        long submissions;
        long conversions;
        byte[] pixels = [];
        using (var device = VulkanDevice.Adopt(host.Lent))
        using (var ring = new SampleRing(Size, Size, 0))
        using (var engine = new EngineSubmitter(host))
        {
            TestSamples.PublishColour(ring, -1f, -1f, -1f);
            using var rig = new SceneRig(device, 32, 24);
            using SharedTexture texture = rig.Textures.Add(ring, "stone");
            for (int frame = 0; frame < Frames; frame++)
            {
                if (frame % 4 == 0)
                {
                    TestSamples.PublishColour(ring, 1f, -1f, frame % 8 == 0 ? 1f : -1f);
                }

                Assert.True(rig.Renderer.TryBeginFrame(out _));
                rig.Scene.Draw(rig.Cube, Matrix4x4.CreateRotationY(frame * 0.01f), texture);
                rig.Renderer.EndFrame();
            }

            pixels = rig.Render(scene => scene.Draw(rig.Cube, Matrix4x4.Identity, texture));
            engine.Stop();
            submissions = engine.Submissions;
            conversions = texture.ConversionCount;
            Assert.Equal(takesOptional && device.SupportsHostImport, texture.Path == SharingPath.HostImport);
        }

        host.AssertSilent();
        host.Dispose();
        host.AssertSilent();
        int centre = ((12 * 32) + 16) * 4;
        Assert.True(pixels[centre] > 2 * pixels[centre + 1], "the cube is not red");
        Assert.InRange(submissions, 10, long.MaxValue);
        Assert.InRange(conversions, 10, Frames);
        Assert.InRange(host.Lock.Entered, Frames + submissions, long.MaxValue);
    }

    [SkippableFact]
    public void NoTarget_EngineRecordsItsOwnFrames_EveryImageIsWholeAndTheEngineNeverWaits()
    {
        _ = vulkan.Device;
        var host = new EngineHost(takesOptional: true);
        ulong newest = 0;
        int shownFrames = 0;
        using (var device = VulkanDevice.Adopt(host.Lent))
        using (var ring = new SampleRing(Size, Size, 0))
        using (var engine = new EngineSubmitter(host))
        using (var textures = new SharedTexturePass(device))
        using (var target = new NoTarget())
        using (var renderer = new FrameRenderer(device, target, [textures]))
        using (SharedTexture texture = textures.Add(ring, "stone"))
        using (var frames = new EngineFrames(host, device, Size, Size))
        {
            void Check(in SharedImage image, ReadOnlySpan<byte> rgba)
            {
                // The colour of a generation says which it is.
                byte marker = TestSamples.MarkerOf(image.Info.Generation);
                Assert.Equal(-1, rgba.IndexOfAnyExcept(marker, (byte)255));
                Assert.Equal(marker, rgba[0]);
                Assert.InRange(image.Info.Generation, newest, ulong.MaxValue);
                newest = image.Info.Generation;
                shownFrames++;
            }

            for (int frame = 1; frame <= Frames; frame++)
            {
                TestSamples.PublishMarker(ring);
                if (renderer.IsReady && textures.IsBehind && renderer.TryBeginFrame(out _))
                {
                    renderer.EndFrame();
                }

                frames.Frame(texture, Check);
            }

            engine.Stop();
        }

        host.AssertSilent();
        host.Dispose();
        host.AssertSilent();
        Assert.Equal(Frames - 2, shownFrames);
        Assert.InRange(newest, (ulong)(Frames / 4), (ulong)Frames);
    }

    [SkippableFact]
    public void Adopt_ThroughTheEnginesProcAddr_Works()
    {
        _ = vulkan.Device;
        var host = new EngineHost(takesOptional: true);
        using (var device = VulkanDevice.Adopt(host.Lent with { GetInstanceProcAddr = host.GetInstanceProcAddr }))
        using (var ring = new SampleRing(Size, Size, 0))
        using (var rig = new SceneRig(device, 8, 8))
        using (SharedTexture texture = rig.Textures.Add(ring, "stone"))
        {
            TestSamples.PublishNoise(ring, 3);
            rig.Render(scene => scene.Draw(rig.Cube, Matrix4x4.Identity, texture));
            Assert.Equal(1, texture.ConversionCount);
            Assert.True(device.IsAdopted);
        }

        host.Dispose();
        host.AssertSilent();
    }

    [SkippableFact]
    public void Dispose_AdoptedDevice_LeavesTheEnginesWorking()
    {
        _ = vulkan.Device;
        var host = new EngineHost(takesOptional: true);
        VulkanDevice device = VulkanDevice.Adopt(host.Lent);
        device.Dispose();
        device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => device.Handle);

        using (var again = VulkanDevice.Adopt(host.Lent))
        using (var engine = new EngineSubmitter(host))
        {
            SpinWait.SpinUntil(() => engine.Submissions > 2);
            again.WaitIdle();
            engine.Stop();
        }

        host.Dispose();
        host.AssertSilent();
    }

    [SkippableFact]
    public void Adopt_FeatureNotEnabled_NamesIt()
    {
        _ = vulkan.Device;
        using var host = new EngineHost(takesOptional: true, leftOut: VulkanFeatures.Synchronization2);

        var error = Assert.Throws<VulkanException>(() => VulkanDevice.Adopt(host.Lent));

        Assert.Contains("Synchronization2", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [SkippableFact]
    public void Adopt_BadInput_SaysWhich()
    {
        _ = vulkan.Device;
        using var host = new EngineHost(takesOptional: true);

        var family = Assert.Throws<VulkanException>(() => VulkanDevice.Adopt(host.Lent with { QueueFamily = 77 }));
        var queue = Assert.Throws<ArgumentException>(() => VulkanDevice.Adopt(host.Lent with { Queue = default }));

        Assert.Contains("77", family.Message, StringComparison.Ordinal);
        Assert.Contains("Queue", queue.Message, StringComparison.Ordinal);
        host.AssertSilent();
    }

    [SkippableFact]
    public void HostImport_NotEnabledByTheEngine_SaysSo()
    {
        Skip.IfNot(vulkan.Device.SupportsHostImport, vulkan.Device.HostImportReason);
        using var host = new EngineHost(takesOptional: false);
        using var device = VulkanDevice.Adopt(host.Lent);

        Assert.Contains("engine did not enable", device.HostImportReason, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Matrices_AreThoseOfAnOwnDeviceWhereTheEngineEnabledAllOfThem()
    {
        MatrixShape[] own = vulkan.Device.Matrices;
        Skip.If(own.Length == 0, $"{vulkan.Device.Info.Name} has no cooperative matrices.");
        using var all = new EngineHost(takesOptional: true);
        using var without = new EngineHost(takesOptional: true, leftOut: VulkanFeatures.VulkanMemoryModel);
        using var none = new EngineHost(takesOptional: false);

        Assert.Equal(own, MatricesOf(all));
        Assert.Empty(MatricesOf(without));
        Assert.Empty(MatricesOf(none));

        static MatrixShape[] MatricesOf(EngineHost host)
        {
            using var device = VulkanDevice.Adopt(host.Lent);
            return device.Matrices;
        }
    }

    [SkippableFact]
    public void Export_NotEnabledByTheEngine_SaysSo()
    {
        _ = vulkan.Device;
        using var host = new EngineHost(takesOptional: false);
        using var device = VulkanDevice.Adopt(host.Lent);

        Skip.If(
            device.ExportReason!.Contains("the device lacks", StringComparison.Ordinal), device.ExportReason);
        Assert.Equal(
            $"the engine did not enable {VulkanRequirements.ExternalMemoryExtension}", device.ExportReason);
    }

    [SkippableFact]
    public void SwapchainTarget_OnAnEnginesDevice_IsRefused()
    {
        _ = vulkan.Device;
        vulkan.RequireDisplay();
        using var host = new EngineHost(takesOptional: true);
        using var device = VulkanDevice.Adopt(host.Lent);
        using var window = new GlfwWindow(64, 48, "test");

        Assert.Throws<ArgumentException>(() => new SwapchainTarget(device, window));
    }

    [SkippableFact]
    public void ForDevice_RequirementsThatNoDeviceMeets_NamesThem()
    {
        _ = vulkan.Device;
        using var host = new EngineHost(takesOptional: true);
        var asked = new VulkanRequirements([], ["VK_NO_such"], ["VK_NO_other"]);

        VulkanDeviceRequirements needs = asked.ForDevice(host.Instance, host.PhysicalDevice);

        Assert.False(needs.IsServed);
        Assert.Equal(["VK_NO_such"], needs.Missing);
        Assert.Empty(needs.OptionalExtensions);
    }
}
