using System.Diagnostics;
using System.Numerics;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Scenes;
using Diffusion.Render.Tests.Support;
using Diffusion.Render.Windowing;
using Silk.NET.Vulkan;

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
        using VulkanDevice device = VulkanDevice.Create(
            new VulkanDeviceOptions { Window = window, EnableValidation = true });
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

    [SkippableFact]
    public void WasPressed_TapBetweenTwoPolls_CountsOnce()
    {
        vulkan.RequireDisplay();
        using var window = new GlfwWindow(160, 120, "test");
        using var keyboard = new XKeyboard(window.Handle);
        keyboard.Tap('c');

        int presses = CountPresses(window, Key.C);

        Assert.Equal(1, presses);
        Assert.False(window.IsDown(Key.C));
        Assert.False(window.WasPressed(Key.V));
    }

    [SkippableFact]
    public void WasPressed_TapBeforeEachOfThreePolls_CountsEach()
    {
        const int Taps = 3;
        vulkan.RequireDisplay();
        using var window = new GlfwWindow(160, 120, "test");
        using var keyboard = new XKeyboard(window.Handle);

        // A window's first key comes a poll late.
        keyboard.Tap('c');
        Assert.Equal(1, CountPresses(window, Key.C));
        int presses = 0;
        for (int i = 0; i < Taps; i++)
        {
            keyboard.Tap(' ');
            presses += CountPresses(window, Key.Space, polls: 1);
        }

        Assert.Equal(Taps, presses);
    }

    [SkippableFact]
    public void WasPressed_HeldKey_CountsOnceAndIsDownUntilReleased()
    {
        vulkan.RequireDisplay();
        using var window = new GlfwWindow(160, 120, "test");
        using var keyboard = new XKeyboard(window.Handle);
        keyboard.Press('r');

        Assert.Equal(1, CountPresses(window, Key.R));
        Assert.True(window.IsDown(Key.R));
        keyboard.Release('r');
        Assert.Equal(0, CountPresses(window, Key.R));
        Assert.False(window.IsDown(Key.R));
    }

    [SkippableFact]
    public void IsDown_RightButtonHeld_UntilItIsReleased()
    {
        vulkan.RequireDisplay();
        using var window = new GlfwWindow(160, 120, "test");
        using var mouse = new XKeyboard(window.Handle);

        mouse.PressButton(3);
        CountPresses(window, Key.Space);
        Assert.True(window.IsDown(MouseButton.Right));
        Assert.False(window.IsDown(MouseButton.Left));
        mouse.ReleaseButton(3);
        CountPresses(window, Key.Space);
        Assert.False(window.IsDown(MouseButton.Right));
    }

    [SkippableFact]
    public void CapturesCursor_OnAndOff_IsWhatWasSetAndTheCursorIsSomewhere()
    {
        vulkan.RequireDisplay();
        using var window = new GlfwWindow(160, 120, "test");

        window.CapturesCursor = true;
        window.PollEvents();
        Assert.True(window.CapturesCursor);
        Assert.True(float.IsFinite(window.Cursor.X) && float.IsFinite(window.Cursor.Y));
        window.CapturesCursor = false;
        window.PollEvents();
        Assert.False(window.CapturesCursor);
    }

    [SkippableFact]
    public void WaitEvents_NothingHappens_SleepsForTheTimeoutWithoutSpinning()
    {
        const double LargestBusyShare = 0.5; // a spinning loop is busy all the time, a sleeping one next to never
        var timeout = TimeSpan.FromMilliseconds(200);
        vulkan.RequireDisplay();
        using var window = new GlfwWindow(160, 120, "test");
        CountPresses(window, Key.Space);
        long begun = Stopwatch.GetTimestamp();
        TimeSpan busy = ProcessTime();

        // Late events of the new window may end the first wait early.
        while (Stopwatch.GetElapsedTime(begun) < timeout)
        {
            window.WaitEvents(timeout);
        }

        Assert.True(ProcessTime() - busy < LargestBusyShare * timeout, $"busy for {ProcessTime() - busy}");
        Assert.Throws<ArgumentOutOfRangeException>(() => window.WaitEvents(TimeSpan.Zero));
    }

    [SkippableFact]
    public void WaitEvents_KeyTapped_WakesAndCountsForTheNextPoll()
    {
        vulkan.RequireDisplay();
        using var window = new GlfwWindow(160, 120, "test");
        using var keyboard = new XKeyboard(window.Handle);
        keyboard.Tap('c');
        Assert.Equal(1, CountPresses(window, Key.C));
        keyboard.Tap('v');

        window.WaitEvents(Timeout.InfiniteTimeSpan);

        Assert.False(window.WasPressed(Key.V));
        Assert.Equal(1, CountPresses(window, Key.V));
    }

    [SkippableFact]
    public void TryBeginFrame_NoArea_IsFalseAndDrawsAgainWhenThereIsSome()
    {
        const int Frames = 5;
        _ = vulkan.Device;
        vulkan.RequireDisplay();
        using var window = new GlfwWindow(160, 120, "test");
        using VulkanDevice device = VulkanDevice.Create(
            new VulkanDeviceOptions { Window = window, EnableValidation = true });
        bool isMinimised = true;
        using (var target = new SwapchainTarget(
            device, window, () => isMinimised ? default : new Extent2D((uint)window.Width, (uint)window.Height)))
        using (var scene = new MeshPass(device, target.Format))
        using (var renderer = new FrameRenderer(device, target, [scene]))
        using (Mesh cube = MeshBuilder.Cube(device))
        {
            // Minimised from the start, drawn, minimised with frames in flight, drawn again.
            for (int i = 0; i < 4 * Frames; i++)
            {
                window.PollEvents();
                isMinimised = (i / Frames) % 2 == 0;
                bool begun = renderer.TryBeginFrame(out _);
                Assert.Equal(!isMinimised, begun);
                if (begun)
                {
                    scene.Draw(cube, Matrix4x4.Identity);
                    renderer.EndFrame();
                }
            }

            Assert.Equal(2 * Frames, renderer.FrameCount);
        }

        VulkanFixture.AssertSilent(device);
    }

    private static TimeSpan ProcessTime()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }

    /// <summary>Polls for a while, as frames do.</summary>
    private static int CountPresses(GlfwWindow window, Key key, int polls = 10)
    {
        int presses = 0;
        for (int i = 0; i < polls; i++)
        {
            // What the server sent may still be on its way.
            Thread.Sleep(25);
            window.PollEvents();
            presses += window.WasPressed(key) ? 1 : 0;
        }

        return presses;
    }
}
