using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Tests.Support;

/// <summary>Records, submits and waits: a frame of one pass.</summary>
internal static class OneTimeCommands
{
    public static void Run(VulkanDevice device, Action<CommandBuffer> record)
    {
        using var target = new OffscreenTarget(device, 8, 8);
        using var renderer = new FrameRenderer(device, target, [new ActionPass(record)]);
        Assert.True(renderer.TryBeginFrame(out Frame frame));
        renderer.EndFrame();
        device.Timeline.Wait(frame.Value);
    }

    private sealed class ActionPass(Action<CommandBuffer> record) : IFramePass
    {
        public string Name => "test";

        public void Begin(in Frame frame)
        {
        }

        public void Record(in Frame frame) => record(frame.Commands);
    }
}
