using Diffusion.Render.Frames;
using Diffusion.Render.Tests.Support;

namespace Diffusion.Render.Tests.Frames;

[Collection(VulkanTests.Name)]
public sealed class FrameRendererTests(VulkanFixture vulkan)
{
    [SkippableFact]
    public void EndFrame_SomethingSubmittedSinceTheFrameBegan_Throws()
    {
        using var target = new NoTarget();
        using var renderer = new FrameRenderer(vulkan.Device, target, []);
        Assert.True(renderer.TryBeginFrame(out _));
        OneTimeCommands.Run(vulkan.Device, _ => { });

        var error = Assert.Throws<InvalidOperationException>(renderer.EndFrame);

        Assert.Contains("between TryBeginFrame and EndFrame", error.Message, StringComparison.Ordinal);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void IsReady_DeviceIsDone_SaysSo()
    {
        using var target = new NoTarget();
        using var renderer = new FrameRenderer(vulkan.Device, target, []);
        Assert.True(renderer.IsReady);
        for (int frame = 0; frame < FrameRenderer.FramesInFlight; frame++)
        {
            Assert.True(renderer.TryBeginFrame(out _));
            renderer.EndFrame();
        }

        vulkan.Device.WaitIdle();

        Assert.True(renderer.IsReady);
        vulkan.AssertSilent();
    }
}
