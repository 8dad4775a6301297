using System.Numerics;
using System.Text;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Scenes;
using Diffusion.Render.Sharing;
using Diffusion.Render.Tests.Support;
using Diffusion.Render.Windowing;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Tests.Windowing;

/// <summary>What a window really shows, beside a stored picture of it.</summary>
[Collection(VulkanTests.Name)]
public sealed class WindowPictureTests(VulkanFixture vulkan)
{
    private const int Width = 128;
    private const int Height = 96;
    private const int Frames = 4;

    // Drivers place edges and round filters differently; a wrong light, colour space or flip is far outside.
    private const double LargestMeanDifference = 2.0;
    private const int LargeDifference = 24;
    private const double LargestShareOfLarge = 0.03;

    [SkippableFact]
    public void Window_SceneWithTextureAndText_LooksLikeTheStoredPicture()
    {
        _ = vulkan.Device;
        vulkan.RequireDisplay();

        byte[] shown = Show();

        byte[] stored = ReadPpm(Path.Combine(AppContext.BaseDirectory, "Windowing", "window.ppm"));
        double sum = 0;
        int large = 0;
        for (int i = 0; i < stored.Length; i++)
        {
            int difference = Math.Abs(shown[i] - stored[i]);
            sum += difference;
            large += difference > LargeDifference ? 1 : 0;
        }

        double mean = sum / stored.Length;
        double share = (double)large / stored.Length;
        if (mean > LargestMeanDifference || share > LargestShareOfLarge)
        {
            string path = Path.Combine(Path.GetTempPath(), "window-shown.ppm");
            WritePpm(path, shown);
            Assert.Fail($"differs by {mean:0.00} on average and by much in {share:0.0%}; what was shown is {path}");
        }
    }

    private static byte[] Show()
    {
        using var window = new GlfwWindow(Width, Height, "picture");
        using VulkanDevice device = VulkanDevice.Create(
            new VulkanDeviceOptions { Window = window, EnableValidation = true });
        using var ring = new SampleRing(16, 16, 0);
        TestSamples.PublishNoise(ring, 3);
        byte[] shown;
        using (var target = new SwapchainTarget(device, window))
        using (var textures = new SharedTexturePass(device))
        using (var scene = new MeshPass(device, target.Format))
        using (var overlay = new OverlayPass(device, target.Format))
        using (var renderer = new FrameRenderer(device, target, [textures, scene, overlay]))
        using (Mesh cube = MeshBuilder.Cube(device))
        using (Mesh plane = MeshBuilder.Plane(device, 30f))
        using (SharedTexture noise = textures.Add(ring, "noise"))
        {
            scene.Camera = Camera.LookAt(new Vector3(2.2f, 1.7f, 3.2f), Vector3.Zero);

            // Across the picture, so that the shadow lies in it.
            scene.Light = new SceneLight { Direction = new Vector3(-0.8f, 1f, 0.3f) };
            for (int frame = 0; frame < Frames; frame++)
            {
                window.PollEvents();
                Assert.True(renderer.TryBeginFrame(out _));
                scene.Draw(cube, Matrix4x4.CreateScale(1.4f), noise);
                scene.Draw(
                    plane, Matrix4x4.CreateTranslation(0f, -0.7f, 0f), null, 1f,
                    Material.Default with { Tint = new Vector3(0.3f) });
                overlay.Text(4, 4, "glyphs, 7 jpqy", Rgba.White, 1);
                overlay.Rectangle(4, 84, 40, 8, Rgba.Amber);
                renderer.EndFrame();
            }

            device.WaitIdle();
            shown = XScreenshot.Read(window.Handle, Width, Height);
        }

        VulkanFixture.AssertSilent(device);
        return shown;
    }

    private static byte[] ReadPpm(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        byte[] header = Header();
        Assert.Equal(header, file[..header.Length]);
        return file[header.Length..];
    }

    private static void WritePpm(string path, byte[] rgb) => File.WriteAllBytes(path, [.. Header(), .. rgb]);

    private static byte[] Header() => Encoding.ASCII.GetBytes($"P6\n{Width} {Height}\n255\n");
}
