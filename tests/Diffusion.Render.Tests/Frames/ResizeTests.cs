using System.Numerics;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Scenes;
using Diffusion.Render.Tests.Support;
using Diffusion.Render.Windowing;

namespace Diffusion.Render.Tests.Frames;

[Collection(VulkanTests.Name)]
public sealed class ResizeTests(VulkanFixture vulkan)
{
    private const int Resizes = 1000;

    [SkippableFact]
    public void OffscreenTarget_ThousandResizes_AreSilentAndKeepNothing()
    {
        VulkanDevice device = vulkan.Device;

        // What other tests left retired does not count.
        device.WaitIdle();
        device.Retirement.Flush();
        using var target = new OffscreenTarget(device, 16, 16);
        using var scene = new MeshPass(
            device, target.Format, new MeshPassOptions { Samples = 1, ShadowMapSize = 16 });
        using var renderer = new FrameRenderer(device, target, [scene]);
        using Mesh cube = MeshBuilder.Cube(device);
        int most = 0;
        for (int i = 0; i < Resizes; i++)
        {
            target.Resize(8 + (i % 7), 8 + (i % 5));
            Assert.True(renderer.TryBeginFrame(out Frame frame));
            Assert.Equal((8u + (uint)(i % 7), 8u + (uint)(i % 5)), (frame.Extent.Width, frame.Extent.Height));
            scene.Draw(cube, Matrix4x4.Identity);
            renderer.EndFrame();
            most = Math.Max(most, device.Retirement.Count);
        }

        // What a resize leaves goes as soon as the frames in flight are done: image and readback, depth.
        Assert.InRange(most, 1, 3 * (FrameRenderer.FramesInFlight + 2));
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void OffscreenTarget_Resized_ReadsTheNewSize()
    {
        using var target = new OffscreenTarget(vulkan.Device, 16, 16);
        using var scene = new MeshPass(vulkan.Device, target.Format);
        using var renderer = new FrameRenderer(vulkan.Device, target, [scene]);
        target.RequestReadback();
        target.Resize(20, 10);
        Assert.Throws<ArgumentOutOfRangeException>(() => target.Resize(0, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => target.Resize(10, int.MaxValue));
        Assert.True(renderer.TryBeginFrame(out _));
        renderer.EndFrame();
        Assert.Equal(20 * 10 * 4, target.SizeInBytes);

        // The request went with the old image.
        Assert.Throws<InvalidOperationException>(() => target.ReadPixels(new byte[target.SizeInBytes]));
        target.RequestReadback();
        Assert.True(renderer.TryBeginFrame(out _));
        renderer.EndFrame();
        var pixels = new byte[target.SizeInBytes];
        target.ReadPixels(pixels);

        Assert.Equal(255, pixels[^1]);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void SwapchainTarget_ThousandResizes_AreSilent()
    {
        _ = vulkan.Device;
        vulkan.RequireDisplay();
        using var window = new GlfwWindow(64, 48, "test");
        using VulkanDevice device = VulkanDevice.Create(
            new VulkanDeviceOptions { Window = window, EnableValidation = true });
        int seen = 0;
        using (var target = new SwapchainTarget(device, window, verticalSync: false))
        using (var overlay = new OverlayPass(device, target.Format, capacity: 16))
        using (var renderer = new FrameRenderer(device, target, [overlay]))
        {
            uint width = target.Extent.Width;
            for (int i = 0; i < Resizes; i++)
            {
                window.Resize(64 + (i % 9), 48 + (i % 7));
                window.PollEvents();
                if (renderer.TryBeginFrame(out _))
                {
                    overlay.Rectangle(0, 0, 32, 32, Rgba.White);
                    renderer.EndFrame();
                }

                seen += target.Extent.Width == width ? 0 : 1;
                width = target.Extent.Width;
            }
        }

        // The window system may take several requests together.
        Assert.InRange(seen, Resizes / 10, Resizes);
        VulkanFixture.AssertSilent(device);
    }
}
