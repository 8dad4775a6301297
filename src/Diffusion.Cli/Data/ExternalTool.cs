using System.ComponentModel;
using System.Diagnostics;

namespace Diffusion.Cli.Data;

/// <summary>
/// Runs the system's tools: output captured for the error line, killed with their children on cancellation.
/// </summary>
internal static class ExternalTool
{
    /// <summary>Runs one tool to its end.</summary>
    /// <exception cref="UserErrorException">The tool is missing or reports failure.</exception>
    public static async Task RunAsync(
        string tool, IEnumerable<string> arguments, string workingFolder, CancellationToken cancellation)
    {
        using var process = Start(tool, arguments, workingFolder, pipeIn: false, pipeOut: false);
        await FinishAsync(process, tool, cancellation);
    }

    /// <summary>Runs <c>producer | consumer</c> without a shell, so that no path needs quoting.</summary>
    public static async Task PipeAsync(
        (string Tool, string[] Arguments) producer,
        (string Tool, string[] Arguments) consumer,
        string workingFolder,
        CancellationToken cancellation)
    {
        const int CopyBufferSize = 1 << 20;
        using var source = Start(producer.Tool, producer.Arguments, workingFolder, pipeIn: false, pipeOut: true);
        using var sink = Start(consumer.Tool, consumer.Arguments, workingFolder, pipeIn: true, pipeOut: false);
        var sourceEnd = FinishAsync(source, producer.Tool, cancellation);
        var sinkEnd = FinishAsync(sink, consumer.Tool, cancellation);
        try
        {
            await source.StandardOutput.BaseStream.CopyToAsync(
                sink.StandardInput.BaseStream, CopyBufferSize, cancellation);
            sink.StandardInput.Close();
        }
        catch (IOException)
        {
            // One end died; its exit code below says why.
            source.Kill(entireProcessTree: true);
        }

        await sinkEnd;
        await sourceEnd;
    }

    private static Process Start(
        string tool, IEnumerable<string> arguments, string workingFolder, bool pipeIn, bool pipeOut)
    {
        var start = new ProcessStartInfo(tool, arguments)
        {
            WorkingDirectory = workingFolder,
            UseShellExecute = false,
            RedirectStandardInput = pipeIn,
            RedirectStandardOutput = pipeOut,
            RedirectStandardError = true,
        };
        try
        {
            return Process.Start(start) ?? throw new UserErrorException($"'{tool}' could not be started.");
        }
        catch (Win32Exception exception)
        {
            throw new UserErrorException(
                $"The tool '{tool}' is needed and was not found; on Debian: apt-get install dpkg tar unzip imagemagick.",
                exception);
        }
    }

    private static async Task FinishAsync(Process process, string tool, CancellationToken cancellation)
    {
        try
        {
            var message = await process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            if (process.ExitCode != 0)
            {
                throw new UserErrorException($"'{tool}' failed with code {process.ExitCode}: {LastLine(message)}");
            }
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static string LastLine(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .LastOrDefault("no message");
}
