using System.Numerics;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Sharing;
using Diffusion.Render.Tests.Support;
using Diffusion.Render.Windowing;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Tests.Devices;

/// <summary>What RenderDoc and the like show: names of objects, labels around passes; without validation too.</summary>
[Collection(VulkanTests.Name)]
public sealed class NamingTests(VulkanFixture vulkan)
{
    [SkippableFact]
    public void Frame_WithoutValidation_EveryObjectIsNamedAndEveryPassLabelled()
    {
        _ = vulkan.Device;
        vulkan.RequireDisplay();
        var faulty = new FaultyVulkan();
        using var window = new GlfwWindow(64, 48, "test");
        using (VulkanDevice device = VulkanDevice.Create(
            new VulkanDeviceOptions { Window = window, LoadApi = faulty.Load }))
        using (var swapchain = new SwapchainTarget(device, window))
        using (var ring = new SampleRing(16, 16, 0))
        using (var rig = new SceneRig(device, 32, 24))
        using (SharedTexture texture = rig.Textures.Add(ring, "stone"))
        using (SharedTexture staged = rig.Textures.Add(ring, "wood", SharingPath.Staging))
        {
            TestSamples.PublishNoise(ring, 1);
            rig.Render(scene => scene.Draw(rig.Cube, Matrix4x4.Identity, texture));
        }

        Assert.Equal([], faulty.Unnamed);
        Assert.Equal(["overlay", "scene", "textures"], faulty.Labels.Order());
        Assert.Equal("", faulty.Live);
    }
}
