using System.Numerics;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Sharing;
using Diffusion.Render.Tests.Support;
using Diffusion.Render.Windowing;
using Diffusion.Runtime.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Tests.Devices;

/// <summary>A lost device is noticed, everything on it goes without a wait, and a new one takes over the ring.</summary>
[Collection(VulkanTests.Name)]
public sealed class DeviceLossTests(VulkanFixture vulkan)
{
    private const int Size = 16;

    [SkippableFact]
    public void Frame_DeviceLost_SaysSoAndANewDeviceGoesOnFromTheRing()
    {
        _ = vulkan.Device;
        using var ring = new SampleRing(Size, Size, 0);
        TestSamples.PublishMarker(ring);
        var faulty = new FaultyVulkan();
        VulkanDevice device = VulkanDevice.Create(
            new VulkanDeviceOptions { EnableValidation = true, LoadApi = faulty.Load });
        using (var rig = new SceneRig(device, 32, 24))
        using (SharedTexture texture = rig.Textures.Add(ring, "stone"))
        {
            rig.Render(scene => scene.Draw(rig.Cube, Matrix4x4.Identity, texture));
            TestSamples.PublishMarker(ring);
            device.WaitIdle();
            faulty.LoseDevice();

            var error = Assert.Throws<VulkanException>(
                () => rig.Render(scene => scene.Draw(rig.Cube, Matrix4x4.Identity, texture)));
            Assert.Equal(Result.ErrorDeviceLost, error.Result);
            Assert.Contains("was lost", error.Message, StringComparison.Ordinal);
        }

        device.Dispose();
        Assert.Equal("", faulty.Live);
        VulkanFixture.AssertSilent(device);

        // The chain went on meanwhile: no lease keeps it from writing.
        for (int i = 0; i < 2 * ring.SlotCount; i++)
        {
            TestSamples.PublishMarker(ring);
        }

        ulong newest = ring.LatestInfo.Generation;
        Assert.Equal((ulong)(2 + (2 * ring.SlotCount)), newest);
        using VulkanDevice next = VulkanDevice.Create(new VulkanDeviceOptions { EnableValidation = true });
        using (var rig = new SceneRig(next, 32, 24))
        using (SharedTexture texture = rig.Textures.Add(ring, "stone"))
        {
            rig.Render(scene => scene.Draw(rig.Cube, Matrix4x4.Identity, texture));
            Assert.True(texture.TryGetLatest(out SharedImage image));
            Assert.Equal(newest, image.Info.Generation);
            Assert.Equal(TestSamples.MarkerOf(newest), ImageReader.Read(next, image, Size, Size)[0]);
        }

        VulkanFixture.AssertSilent(next);
    }

    [SkippableFact]
    public void SwapchainTarget_DeviceLost_GoesWithoutAWait()
    {
        _ = vulkan.Device;
        vulkan.RequireDisplay();
        using var window = new GlfwWindow(64, 48, "test");
        var faulty = new FaultyVulkan();
        VulkanDevice device = VulkanDevice.Create(
            new VulkanDeviceOptions { Window = window, EnableValidation = true, LoadApi = faulty.Load });
        using (var target = new SwapchainTarget(device, window))
        using (var renderer = new FrameRenderer(device, target, []))
        {
            Assert.True(renderer.TryBeginFrame(out _));
            renderer.EndFrame();
            device.WaitIdle();
            faulty.LoseDevice();

            var error = Assert.Throws<VulkanException>(() =>
            {
                renderer.TryBeginFrame(out _);
                renderer.EndFrame();
            });
            Assert.Equal(Result.ErrorDeviceLost, error.Result);
        }

        device.Dispose();
        Assert.Equal("", faulty.Live);

        // The same window carries the next device.
        using VulkanDevice next = VulkanDevice.Create(
            new VulkanDeviceOptions { Window = window, EnableValidation = true });
        using (var target = new SwapchainTarget(next, window))
        using (var renderer = new FrameRenderer(next, target, []))
        {
            Assert.True(renderer.TryBeginFrame(out _));
            renderer.EndFrame();
        }

        VulkanFixture.AssertSilent(next);
    }

    [SkippableFact]
    public void Create_TwentyTimesOverOneRing_LeavesNothingAndSaysNothing()
    {
        const int Times = 20;
        _ = vulkan.Device;
        using var ring = new SampleRing(Size, Size, 0);
        using var writer = new MarkerWriter(ring);
        for (int i = 0; i < Times; i++)
        {
            using VulkanDevice device = VulkanDevice.Create(new VulkanDeviceOptions { EnableValidation = true });
            using (var textures = new SharedTexturePass(device))
            using (var target = new NoTarget())
            using (var renderer = new FrameRenderer(device, target, [textures]))
            {
                textures.Add(ring, "stone");
                for (int frame = 0; frame < 3; frame++)
                {
                    Assert.True(renderer.TryBeginFrame(out _));
                    renderer.EndFrame();
                }
            }

            VulkanFixture.AssertSilent(device);
        }
    }
}
