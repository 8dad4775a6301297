using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Sharing;

namespace Diffusion.Demo.Tests;

public sealed class QuickstartTests
{
    [Fact]
    public void Readme_Quickstart_IsTheCompiledText()
    {
        string source = File.ReadAllText(Path.Combine(Repository.Root, "tests/Demo.Tests/Quickstart.cs"));
        string body = Between(source, "// <quickstart>\n", "        // </quickstart>");
        string expected = string.Join('\n', body.Split('\n').Select(line => line.Length > 8 ? line[8..] : line.TrimStart()));

        string readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));

        Assert.Contains($"```csharp\n{expected}```", readme, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Quickstart_OnTheShippedModel_CompletesTheTexture()
    {
        VulkanTests.SkipWithoutDevice();
        using var device = VulkanDevice.Create(new VulkanDeviceOptions { EnableValidation = true });
        using var target = new OffscreenTarget(device, 64, 64);
        using var textures = new SharedTexturePass(device);
        using var renderer = new FrameRenderer(device, target, [textures]);
        ulong shown = 0;

        Quickstart.Run(Repository.Model, textures, texture =>
        {
            Assert.True(renderer.TryBeginFrame(out _));
            renderer.EndFrame();
            shown = texture.TryGetLatest(out SharedImage image) ? image.Info.Generation : shown;
        });

        Assert.True(shown > 1, $"generation {shown} was the last one shown");
        Assert.Empty(device.Validation!.Messages);
    }

    private static string Between(string text, string start, string end)
    {
        int from = text.IndexOf(start, StringComparison.Ordinal) + start.Length;
        return text[from..text.IndexOf(end, StringComparison.Ordinal)];
    }
}
