using System.Diagnostics;

namespace Diffusion.Plugin.Tests.Support;

/// <summary>An X server without a screen, for hosts that open a window; skips the test where there is none.</summary>
internal sealed class VirtualDisplay : IDisposable
{
    private readonly Process _server;

    public VirtualDisplay()
    {
        _server = Process.Start(
            new ProcessStartInfo(Tool.Require("Xvfb"), "-displayfd 1 -screen 0 800x600x24 -nolisten tcp")
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        string? number = _server.StandardOutput.ReadLine();
        if (string.IsNullOrEmpty(number))
        {
            Dispose();
            Skip.If(true, "Xvfb did not start.");
        }

        Name = $":{number}";
    }

    /// <summary>What DISPLAY is set to.</summary>
    public string Name { get; }

    public void Dispose()
    {
        _server.Kill();
        _server.Dispose();
    }
}
