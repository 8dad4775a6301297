using System.Diagnostics;

namespace Diffusion.Cli.Profiling;

/// <summary>A second process that burns one core while it is told to.</summary>
/// <remarks>It runs this program's hidden command, ends when its input does, and is killed at the latest by
/// <see cref="Dispose"/>.</remarks>
internal sealed class CpuLoad : IDisposable
{
    private readonly Process _process;
    private bool _isOn;

    /// <summary>Starts the process, which idles.</summary>
    /// <exception cref="UserErrorException">It does not start.</exception>
    public CpuLoad()
    {
        string assembly = typeof(CpuLoad).Assembly.Location;
        string program = Environment.ProcessPath!;
        bool isHost = Path.GetFileNameWithoutExtension(program) == "dotnet";
        string[] arguments = isHost ? [assembly, CpuLoadCommand.Name] : [CpuLoadCommand.Name];
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        _process = Process.Start(start) ?? throw new UserErrorException($"'{program}' does not start.");
        if (_process.StandardOutput.ReadLine() != CpuLoadCommand.Ready)
        {
            Dispose();
            throw new UserErrorException($"--load cpu: '{program} {string.Join(' ', arguments)}' does not run.");
        }
    }

    /// <summary>The process's id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Burns, or stops burning.</summary>
    public void Set(bool isOn)
    {
        if (isOn != _isOn)
        {
            _isOn = isOn;
            _process.StandardInput.WriteLine(isOn ? CpuLoadCommand.On : CpuLoadCommand.Off);
            _process.StandardInput.Flush();
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
