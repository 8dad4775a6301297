using System.Diagnostics;

namespace Diffusion.Render.Tests.Support;

/// <summary>The display that is there, or an Xvfb of its own; skips the test where there is neither.</summary>
internal sealed class VirtualDisplay : IDisposable
{
    private readonly Process? _server;
    private readonly NativeVariable? _name;

    public VirtualDisplay()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Xvfb is for Linux");
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable("DISPLAY")))
        {
            return;
        }

        Skip.IfNot(File.Exists("/usr/bin/Xvfb"), "neither a display nor Xvfb");

        // With -displayfd the server picks a free number and tells it once it takes clients.
        _server = Process.Start(new ProcessStartInfo("/usr/bin/Xvfb", "-displayfd 1 -screen 0 800x600x24 -nolisten tcp")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        string? number = _server.StandardOutput.ReadLine();
        Skip.If(string.IsNullOrEmpty(number), "Xvfb did not start");

        _name = new NativeVariable("DISPLAY", ":" + number);
    }

    public void Dispose()
    {
        if (_server is not null)
        {
            _name?.Dispose();
            _server.Kill();
            _server.Dispose();
        }
    }
}
