using System.CommandLine;
using System.Text.RegularExpressions;
using Diffusion.Render.Devices;

namespace Diffusion.Cli;

/// <summary>Runs a command tree with the house's rule for errors: one clear line on stderr and exit code 2.</summary>
internal static partial class CommandLineHost
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
            await error.WriteLineAsync($"diffusion: {OneLine(parsed.Errors[0].Message)}");
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
            await error.WriteLineAsync($"diffusion: {OneLine(exception.Message)}");
            return UserError;
        }
    }

    private static bool IsUserError(Exception exception) => exception
        is UserErrorException or ArgumentException or IOException or InvalidDataException or UnauthorizedAccessException
            or VulkanException or DllNotFoundException or NotSupportedException;

    private static string OneLine(string message) => Whitespace().Replace(ParameterName().Replace(message, ""), " ").Trim();

    // .NET appends the parameter's name to an argument's message; whoever types options has no parameters.
    [GeneratedRegex(@" \(Parameter '\w+'\)")]
    private static partial Regex ParameterName();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Whitespace();
}
