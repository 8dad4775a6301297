using System.CommandLine;

namespace Diffusion.Cli;

/// <summary>Runs a command tree with the house's rule for errors: one clear line on stderr and exit code 2.</summary>
internal static class CommandLineHost
{
    /// <summary>Bad input, a missing tool, an unwritable folder.</summary>
    public const int UserError = 2;

    /// <summary>Interrupted by Ctrl+C, as shells report it.</summary>
    public const int Cancelled = 130;

    public static async Task<int> RunAsync(RootCommand root, string[] arguments, TextWriter error)
    {
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            await error.WriteLineAsync($"diffusion: {parsed.Errors[0].Message}");
            return UserError;
        }

        try
        {
            // The grace period is long: a training run writes its checkpoint after Ctrl+C.
            var configuration = new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TimeSpan.FromMinutes(2),
            };
            return await parsed.InvokeAsync(configuration);
        }
        catch (OperationCanceledException)
        {
            await error.WriteLineAsync("diffusion: cancelled.");
            return Cancelled;
        }
        catch (Exception exception) when (IsUserError(exception))
        {
            await error.WriteLineAsync($"diffusion: {FirstLine(exception.Message)}");
            return UserError;
        }
    }

    private static bool IsUserError(Exception exception) => exception
        is UserErrorException or ArgumentException or IOException or InvalidDataException or UnauthorizedAccessException;

    private static string FirstLine(string message)
    {
        var end = message.IndexOfAny(['\r', '\n']);
        return end < 0 ? message : message[..end];
    }
}
