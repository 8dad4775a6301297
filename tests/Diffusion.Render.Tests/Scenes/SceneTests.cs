using System.Numerics;
using Diffusion.Render.Devices;
using Diffusion.Render.Scenes;
using Diffusion.Render.Sharing;
using Diffusion.Render.Tests.Support;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Tests.Scenes;

[Collection(VulkanTests.Name)]
public sealed class SceneTests(VulkanFixture vulkan)
{
    private const int Width = 160;
    private const int Height = 120;

    [SkippableFact]
    public void EndFrame_RedTextureOnCube_ShowsRedLitPixelsOverDarkBackdrop()
    {
        VulkanDevice device = vulkan.Device;
        using var rig = new SceneRig(device, Width, Height);
        using var ring = new SampleRing(16, 16, 0);
        TestSamples.PublishColour(ring, 0.6f, -0.9f, -0.9f);
        SharedTexture red = rig.Textures.Add(ring, "red");

        byte[] pixels = rig.Render(scene => scene.Draw(rig.Cube, Matrix4x4.CreateScale(2f), red));

        ReadOnlySpan<byte> centre = Pixel(pixels, Width / 2, Height / 2);
        Assert.True(centre[0] > 90 && centre[0] > 2 * centre[1], $"centre is {centre[0]}, {centre[1]}, {centre[2]}");
        ReadOnlySpan<byte> corner = Pixel(pixels, 2, 2);
        Assert.InRange(corner[0], 1, 60);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void EndFrame_SameSceneTwice_IsIdentical()
    {
        VulkanDevice device = vulkan.Device;
        using var rig = new SceneRig(device, Width, Height);
        using var ring = new SampleRing(16, 16, 0);
        TestSamples.PublishNoise(ring, 3);
        SharedTexture noise = rig.Textures.Add(ring, "noise");

        byte[] first = rig.Render(scene => scene.Draw(rig.Sphere, Matrix4x4.Identity, noise));
        byte[] second = rig.Render(scene => scene.Draw(rig.Sphere, Matrix4x4.Identity, noise));

        Assert.Equal(first, second);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void Rectangle_OpaqueColour_ReadsBackAsGiven()
    {
        const int Tolerance = 1; // decoded and encoded once
        VulkanDevice device = vulkan.Device;
        using var rig = new SceneRig(device, Width, Height);

        byte[] pixels = rig.Render(_ => rig.Overlay.Rectangle(10, 10, 20, 20, new Rgba(200, 100, 50)));

        ReadOnlySpan<byte> inside = Pixel(pixels, 15, 15);
        Assert.InRange(inside[0], 200 - Tolerance, 200 + Tolerance);
        Assert.InRange(inside[1], 100 - Tolerance, 100 + Tolerance);
        Assert.InRange(inside[2], 50 - Tolerance, 50 + Tolerance);
        vulkan.AssertSilent();
    }

    [SkippableTheory]
    [InlineData('g', true)]
    [InlineData('j', true)]
    [InlineData('p', true)]
    [InlineData('q', true)]
    [InlineData('y', true)]
    [InlineData('a', false)]
    [InlineData('Q', false)]
    public void Text_Letter_ReachesBelowTheBaselineIfItHasADescender(char letter, bool hasDescender)
    {
        const int Baseline = 7;
        using var rig = new SceneRig(vulkan.Device, Width, Height);

        byte[] pixels = rig.Render(_ =>
        {
            rig.Overlay.Rectangle(0, 0, Width, Height, new Rgba(0, 0, 0));
            rig.Overlay.Text(0, 0, [letter], Rgba.White, 1);
        });

        bool reaches = false;
        for (int y = Baseline; y < OverlayPass.CharacterHeight; y++)
        {
            for (int x = 0; x < OverlayPass.CharacterWidth; x++)
            {
                reaches |= Pixel(pixels, x, y)[0] > 200;
            }
        }

        Assert.Equal(hasDescender, reaches);
        vulkan.AssertSilent();
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void Text_Letter_InksItsPixelsAndShadesTheirLowerRightAlone(int scale)
    {
        // 'R' of the font, written out: the test does not trust the table that it tests.
        string[] letter = ["####.", "#...#", "#...#", "####.", "#.#..", "#..#.", "#...#"];
        const int X = 21;
        const int Y = 13;
        const int Tolerance = 1; // decoded and encoded once
        VulkanDevice device = vulkan.Device;
        using var rig = new SceneRig(device, Width, Height);
        byte[] without = rig.Render(_ => rig.Overlay.Rectangle(0, 0, Width, Height, new Rgba(120, 130, 140)));

        byte[] with = rig.Render(_ =>
        {
            rig.Overlay.Rectangle(0, 0, Width, Height, new Rgba(120, 130, 140));
            float end = rig.Overlay.Text(X, Y, "R", new Rgba(250, 40, 90), scale);
            Assert.Equal(X + (OverlayPass.CharacterWidth * scale), end);
        });

        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                int column = (int)MathF.Floor((x - X) / (float)scale);
                int row = (int)MathF.Floor((y - Y) / (float)scale);
                ReadOnlySpan<byte> pixel = Pixel(with, x, y);
                if (IsInked(column, row))
                {
                    Assert.InRange(pixel[0], 250 - Tolerance, 250 + Tolerance);
                    Assert.InRange(pixel[1], 40 - Tolerance, 40 + Tolerance);
                    Assert.InRange(pixel[2], 90 - Tolerance, 90 + Tolerance);
                }
                else if (IsInked(column - 1, row - 1))
                {
                    Assert.True(pixel[0] < 100 && pixel[1] < 100, $"no shadow at {x}, {y}");
                }
                else
                {
                    Assert.True(pixel.SequenceEqual(Pixel(without, x, y)), $"changed at {x}, {y}");
                }
            }
        }

        vulkan.AssertSilent();

        bool IsInked(int column, int row)
            => row is >= 0 and < 7 && column is >= 0 and < 5 && letter[row][column] == '#';
    }

    [SkippableFact]
    public void Text_UnknownCharactersAndBeyondTheEdge_ShowsQuestionMarksAndNothingElse()
    {
        VulkanDevice device = vulkan.Device;
        using var rig = new SceneRig(device, Width, Height);

        byte[] expected = rig.Render(_ => rig.Overlay.Text(4, 4, "a?b", Rgba.White));
        byte[] actual = rig.Render(_ =>
        {
            rig.Overlay.Text(4, 4, "a\u03C3b", Rgba.White);
            rig.Overlay.Text(-500, 10, "left of the frame", Rgba.White);
            rig.Overlay.Text(10, Height, "below the frame", Rgba.White);
        });

        Assert.Equal(expected, actual);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void Draw_BeyondCapacity_NamesTheLimit()
    {
        VulkanDevice device = vulkan.Device;
        using var pass = new MeshPass(
            device, Silk.NET.Vulkan.Format.R8G8B8A8Srgb, new MeshPassOptions { Capacity = 1 });
        using Mesh cube = MeshBuilder.Cube(device);
        pass.Draw(cube, Matrix4x4.Identity);

        var error = Assert.Throws<InvalidOperationException>(() => pass.Draw(cube, Matrix4x4.Identity));

        Assert.Contains("at most 1", error.Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(SharingPath.HostImport)]
    [InlineData(SharingPath.Staging)]
    public void Frames_WriterPublishesBetween_NoLeakNoAllocationAndOnlyStagingCopies(SharingPath path)
    {
        const int WarmUp = 60;
        const int Frames = 300;
        VulkanDevice device = vulkan.Device;
        Skip.If(path == SharingPath.HostImport && !device.SupportsHostImport, device.HostImportReason);
        using var rig = new SceneRig(device, 64, 48);
        using var ring = new SampleRing(16, 16, 1);
        SharedTexture stone = rig.Textures.Add(ring, "stone", path);
        ulong generation = 0;
        long allocated = 0;
        for (int i = 0; i < WarmUp + Frames; i++)
        {
            if (i == WarmUp)
            {
                allocated = GC.GetAllocatedBytesForCurrentThread();
            }

            Assert.True(ring.TryBeginWrite(out _), "a lease leaked");
            ring.Publish(i, default);
            rig.Renderer.TryBeginFrame(out _);
            rig.Scene.Draw(rig.Cube, Matrix4x4.Identity, stone);
            rig.Overlay.Text(2, 2, "step", Rgba.White, 1);
            rig.Renderer.EndFrame();
            stone.TryGetLatest(out SharedImage image);
            Assert.True(image.Info.Generation == generation + 1, "a generation was skipped or repeated");
            generation = image.Info.Generation;
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - allocated);
        long copied = path == SharingPath.Staging ? (WarmUp + Frames) * 4L * ring.Width * ring.Height : 0;
        Assert.Equal(copied, rig.Textures.TotalBytesCopied);
        Assert.Equal(3, rig.Renderer.Timings.Passes.Length);
        Assert.Equal("scene", rig.Renderer.Timings.Passes[1].Name);
        Assert.True(rig.Renderer.Timings.Gpu > TimeSpan.Zero);
        vulkan.AssertSilent();
    }

    private static ReadOnlySpan<byte> Pixel(byte[] rgba, int x, int y) => rgba.AsSpan(((y * Width) + x) * 4, 4);
}
