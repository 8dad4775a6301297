using System.Numerics;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Scenes;
using Diffusion.Render.Sharing;
using Diffusion.Render.Tests.Support;
using Diffusion.Render.Windowing;
using Diffusion.Runtime.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Tests.Frames;

/// <summary>What is used after its disposal says so, before Vulkan hears of it.</summary>
[Collection(VulkanTests.Name)]
public sealed class UseAfterDisposeTests(VulkanFixture vulkan)
{
    private const Format ColourFormat = Format.R8G8B8A8Srgb;

    [SkippableFact]
    public void MeshPass_Disposed_ThrowsFromEveryVerb()
    {
        using Mesh cube = MeshBuilder.Cube(vulkan.Device);
        var pass = new MeshPass(vulkan.Device, ColourFormat);
        DisposeTwice(pass);

        AssertDisposed(
            () => pass.Draw(cube, Matrix4x4.Identity), () => pass.Begin(default), () => pass.Record(default));
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void OverlayPass_Disposed_ThrowsFromEveryVerb()
    {
        var pass = new OverlayPass(vulkan.Device, ColourFormat);
        DisposeTwice(pass);

        AssertDisposed(
            () => pass.Text(0, 0, "text", Rgba.White),
            () => pass.Text(0, 0, " ", Rgba.White),
            () => pass.Rectangle(0, 0, 1, 1, Rgba.White),
            () => pass.Begin(default),
            () => pass.Record(default));
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void SharedTexturePass_Disposed_ThrowsFromEveryVerbAndSoDoItsTextures()
    {
        using var ring = new SampleRing(16, 16, 0);
        var pass = new SharedTexturePass(vulkan.Device);
        SharedTexture texture = pass.Add(ring, "stone");
        DisposeTwice(pass);

        AssertDisposed(
            () => pass.Add(ring, "wood"),
            () => pass.Begin(default),
            () => pass.Record(default),
            () => texture.TryGetLatest(out _),
            () => texture.Fade = TimeSpan.FromSeconds(1),
            () => texture.ReleaseAfter(default, 1),
            () => texture.Record(default, 1, 0));
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void Draw_MeshOrTextureDisposed_ThrowsAndTheFrameGoesOn()
    {
        using var rig = new SceneRig(vulkan.Device, 32, 24);
        using var ring = new SampleRing(16, 16, 0);
        SharedTexture texture = rig.Textures.Add(ring, "stone");
        texture.Dispose();
        DisposeTwice(rig.Sphere);

        byte[] pixels = rig.Render(scene =>
        {
            AssertDisposed(
                () => scene.Draw(rig.Sphere, Matrix4x4.Identity),
                () => scene.Draw(rig.Cube, Matrix4x4.Identity, texture));
            scene.Draw(rig.Cube, Matrix4x4.Identity);
        });

        Assert.NotEqual(pixels[0], pixels[((12 * 32) + 16) * 4]);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void EndFrame_MeshDisposedSinceItWasDrawn_Throws()
    {
        using var rig = new SceneRig(vulkan.Device, 32, 24);
        Assert.True(rig.Renderer.TryBeginFrame(out _));
        rig.Scene.Draw(rig.Cube, Matrix4x4.Identity);
        rig.Cube.Dispose();

        AssertDisposed(rig.Renderer.EndFrame);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void FrameRenderer_Disposed_ThrowsFromEveryVerb()
    {
        using var target = new OffscreenTarget(vulkan.Device, 8, 8);
        var renderer = new FrameRenderer(vulkan.Device, target, []);
        DisposeTwice(renderer);

        AssertDisposed(() => renderer.TryBeginFrame(out _), renderer.EndFrame);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void OffscreenTarget_Disposed_ThrowsFromEveryVerb()
    {
        var target = new OffscreenTarget(vulkan.Device, 8, 8);
        using var renderer = new FrameRenderer(vulkan.Device, target, []);
        Assert.True(renderer.TryBeginFrame(out _));
        DisposeTwice(target);

        AssertDisposed(
            renderer.EndFrame,
            target.RequestReadback,
            () => target.ReadPixels(new byte[target.SizeInBytes]),
            () => target.TryAcquire(0, out _, out _));
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void VulkanDevice_Disposed_NothingCanBeMadeOnIt()
    {
        _ = vulkan.Device;
        VulkanDevice device = VulkanDevice.Create(new VulkanDeviceOptions { EnableValidation = true });
        DisposeTwice(device);

        AssertDisposed(
            device.WaitIdle,
            () => _ = new OffscreenTarget(device, 8, 8),
            () => _ = new SharedTexturePass(device),
            () => _ = new MeshPass(device, ColourFormat),
            () => _ = new OverlayPass(device, ColourFormat),
            () => MeshBuilder.Cube(device));
        VulkanFixture.AssertSilent(device);
    }

    [SkippableFact]
    public void EndFrame_SwapchainTargetDisposedSinceTheFrameBegan_Throws()
    {
        _ = vulkan.Device;
        vulkan.RequireDisplay();
        using var window = new GlfwWindow(160, 120, "test");
        using VulkanDevice device = VulkanDevice.Create(
            new VulkanDeviceOptions { Window = window, EnableValidation = true });
        using var target = new SwapchainTarget(device, window);
        using var renderer = new FrameRenderer(device, target, []);
        Assert.True(renderer.TryBeginFrame(out _));

        DisposeTwice(target);

        AssertDisposed(renderer.EndFrame);
        VulkanFixture.AssertSilent(device);
    }

    [SkippableFact]
    public void TryBeginFrame_SwapchainTargetDisposed_Throws()
    {
        _ = vulkan.Device;
        vulkan.RequireDisplay();
        using var window = new GlfwWindow(160, 120, "test");
        using VulkanDevice device = VulkanDevice.Create(
            new VulkanDeviceOptions { Window = window, EnableValidation = true });
        using var target = new SwapchainTarget(device, window);
        using var renderer = new FrameRenderer(device, target, []);
        DisposeTwice(target);

        AssertDisposed(() => renderer.TryBeginFrame(out _));
        Assert.Equal(0u, target.Extent.Width);
        VulkanFixture.AssertSilent(device);
    }

    private static void DisposeTwice(IDisposable made)
    {
        made.Dispose();
        made.Dispose();
    }

    private static void AssertDisposed(params ReadOnlySpan<Action> uses)
    {
        foreach (Action use in uses)
        {
            Assert.Throws<ObjectDisposedException>(use);
        }
    }
}
