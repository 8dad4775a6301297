namespace Diffusion.Demo;

/// <summary>One run of the demo, with a window or without.</summary>
internal static class DemoRun
{
    /// <summary>Runs until the frames are drawn, the window closes or the run is cancelled.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(DemoSettings settings, CancellationToken cancel)
    {
        if (settings.Headless || !HasDisplay())
        {
            return HeadlessDemo.Run(settings, cancel);
        }

        return WindowDemo.Run(settings, cancel);
    }

    private static bool HasDisplay() =>
        !OperatingSystem.IsLinux()
        || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("DISPLAY"))
        || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("WAYLAND_DISPLAY"));
}
