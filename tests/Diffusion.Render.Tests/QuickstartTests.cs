using Diffusion.Render.Devices;
using Diffusion.Render.Tests.Support;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Tests;

[Collection(VulkanTests.Name)]
public sealed class QuickstartTests(VulkanFixture vulkan)
{
    [Theory]
    [InlineData("window")]
    [InlineData("offscreen")]
    [InlineData("engine")]
    public void Readme_Program_IsTheCompiledText(string name)
    {
        string root = FindRoot();
        string source = File.ReadAllText(Path.Combine(root, "tests/Diffusion.Render.Tests/Quickstart.cs"));
        string body = Between(source, $"// <{name}>\n", $"        // </{name}>");
        string expected = string.Join(
            '\n', body.Split('\n').Select(line => line.Length > 8 ? line[8..] : line.TrimStart()));

        string readme = File.ReadAllText(Path.Combine(root, "src/Diffusion.Render/README.md"));

        Assert.Contains($"```csharp\n{expected}```", readme, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void RunInWindow_UntilClosed_DrawsWithoutMessages()
    {
        const int Frames = 3;
        _ = vulkan.Device;
        vulkan.RequireDisplay();
        using var ring = new SampleRing(16, 16, 0);
        TestSamples.PublishNoise(ring, seed: 5);
        VulkanDevice? used = null;
        ulong submitted = 0;
        int updates = 0;

        Quickstart.RunInWindow(ring, (window, device) =>
        {
            used = device;
            submitted = device.Timeline.Submitted;
            if (++updates > Frames)
            {
                window.Close();
            }
        });

        Assert.InRange(submitted, 1ul, (ulong)Frames);
        VulkanFixture.AssertSilent(used!);
    }

    [SkippableFact]
    public void RunOffscreen_Sphere_CoversTheCentre()
    {
        _ = vulkan.Device;

        byte[] rgba = Quickstart.RunOffscreen();

        int centre = ((180 / 2 * 320) + (320 / 2)) * 4;
        Assert.True(rgba[centre] > 2 * rgba[0], $"centre {rgba[centre]}, corner {rgba[0]}");
    }

    [SkippableFact]
    public void RunOnEngine_ThreeFrames_AreDrawnWithoutMessages()
    {
        const ulong Frames = 3;
        _ = vulkan.Device;
        var host = new EngineHost(takesOptional: true);
        var timeline = host.CreateTimeline();
        ulong drawn = 0;
        using (var ring = new SampleRing(16, 16, 0))
        {
            TestSamples.PublishNoise(ring, seed: 5);
            Quickstart.RunOnEngine(host.Lent, ring, Frames, timeline, image => host.Submit(default, timeline, ++drawn));
        }

        host.Destroy(timeline);
        host.Dispose();
        host.AssertSilent();
        Assert.Equal(Frames, drawn);
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Diffusion.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside the repository.");
        }

        return folder.FullName;
    }

    private static string Between(string text, string start, string end)
    {
        int from = text.IndexOf(start, StringComparison.Ordinal) + start.Length;
        return text[from..text.IndexOf(end, StringComparison.Ordinal)];
    }
}
