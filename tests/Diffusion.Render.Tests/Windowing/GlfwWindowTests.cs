using System.Numerics;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Scenes;
using Diffusion.Render.Tests.Support;
using Diffusion.Render.Windowing;

namespace Diffusion.Render.Tests.Windowing;

[Collection(VulkanTests.Name)]
public sealed class GlfwWindowTests(VulkanFixture vulkan)
{
    [SkippableFact]
    public void Frames_OpenRenderResizeClose_NoMessages()
    {
        const int Frames = 30;
        _ = vulkan.Device;
        vulkan.RequireDisplay();
        using var window = new GlfwWindow(160, 120, "test");
        using VulkanDevice device = VulkanDevice.Create(new VulkanDeviceOptions { Window = window, EnableValidation = true });
        using (var target = new SwapchainTarget(device, window))
        using (var scene = new MeshPass(device, target.Format))
        using (var overlay = new OverlayPass(device, target.Format))
        using (var renderer = new FrameRenderer(device, target, [scene, overlay]))
        using (Mesh cube = MeshBuilder.Cube(device))
        {
            for (int i = 0; i < 2 * Frames; i++)
            {
                window.PollEvents();
                if (i == Frames)
                {
                    window.Resize(200, 150);
                }

                if (renderer.TryBeginFrame(out _))
                {
                    scene.Draw(cube, Matrix4x4.Identity);
                    overlay.Text(4, 4, "frame", Rgba.White);
                    renderer.EndFrame();
                }
            }

            Assert.InRange(renderer.FrameCount, Frames, 2 * Frames);
            Assert.Equal((200u, 150u), (target.Extent.Width, target.Extent.Height));
            Assert.False(window.ShouldClose);
            window.Close();
            Assert.True(window.ShouldClose);
        }

        VulkanFixture.AssertSilent(device);
    }
}
