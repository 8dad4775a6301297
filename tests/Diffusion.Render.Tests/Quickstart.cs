using System.Numerics;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Scenes;
using Diffusion.Render.Sharing;
using Diffusion.Render.Windowing;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Tests;

/// <summary>
/// The programs of this library's README, compiled and run; <see cref="QuickstartTests"/> compares the text.
/// </summary>
internal static class Quickstart
{
    public static void RunInWindow(SampleRing ring, Action<GlfwWindow, VulkanDevice> update)
    {
        // <window>
        using var window = new GlfwWindow(640, 360, "textures");
        using var device = VulkanDevice.Create(new VulkanDeviceOptions { Window = window, EnableValidation = true });
        using var target = new SwapchainTarget(device, window);
        using var textures = new SharedTexturePass(device);
        using var scene = new MeshPass(device, target.Format) { Camera = Camera.LookAt(new(3, 2, 4), Vector3.Zero) };
        using var overlay = new OverlayPass(device, target.Format);
        using var renderer = new FrameRenderer(device, target, [textures, scene, overlay]);
        using Mesh cube = MeshBuilder.Cube(device);                      // or Sphere, or Plane
        using SharedTexture stone = textures.Add(ring, "stone");         // the SampleRing that a chain writes

        while (!window.ShouldClose)
        {
            window.PollEvents();
            if (window.WasPressed(Key.X))
            {
                stone.Display = SampleView.Denoised;                     // the clean estimate instead of x_t
            }

            update(window, device);                                      // your frame's work
            if (!renderer.TryBeginFrame(out _))
            {
                window.WaitEvents(TimeSpan.FromMilliseconds(20));        // minimised: nothing else paces the loop
                continue;
            }

            scene.Draw(cube, Matrix4x4.CreateRotationY(1f), stone);
            overlay.Text(16, 16, $"{stone.Name} by {stone.Path}", Rgba.White);
            renderer.EndFrame();                                         // records the passes, submits, presents
        }
        // </window>
    }

    public static byte[] RunOffscreen()
    {
        // <offscreen>
        using var device = VulkanDevice.Create(new VulkanDeviceOptions());
        using var target = new OffscreenTarget(device, 320, 180);
        using var scene = new MeshPass(device, target.Format);
        using var renderer = new FrameRenderer(device, target, [scene]);
        using Mesh sphere = MeshBuilder.Sphere(device);

        renderer.TryBeginFrame(out _);                                   // off screen there is always an image
        scene.Draw(sphere, Matrix4x4.Identity);
        target.RequestReadback();
        renderer.EndFrame();
        var rgba = new byte[target.SizeInBytes];
        target.ReadPixels(rgba);                                         // waits for this frame
        // </offscreen>
        return rgba;
    }

    public static void RunOnEngine(
        EngineDevice engine, SampleRing ring, ulong frames, Silk.NET.Vulkan.Semaphore engineTimeline,
        Action<SharedImage> draw)
    {
        // <engine>
        using var device = VulkanDevice.Adopt(engine);                   // an EngineDevice: handles, what is enabled
        using var textures = new SharedTexturePass(device);
        using var target = new NoTarget();
        using var renderer = new FrameRenderer(device, target, [textures]);
        using SharedTexture stone = textures.Add(ring, "stone");
        for (ulong frame = 1; frame <= frames; frame++)
        {
            if (textures.IsBehind && renderer.IsReady && renderer.TryBeginFrame(out _))
            {
                renderer.EndFrame();                                     // never waits: IsReady said so
            }

            if (stone.TryGetLatest(out SharedImage image))
            {
                draw(image);                                             // sample image.View in image.Layout, submit
                stone.ReleaseAfter(image, engineTimeline, frame);        // the value that this frame signals
            }
        }
        // </engine>
    }
}
