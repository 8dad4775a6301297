using System.CommandLine;
using System.Text.RegularExpressions;
using Diffusion.Cli.Generation;
using Diffusion.Render.Devices;
using Diffusion.Runtime.Backends;
using Diffusion.Torch.Training;

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
        if (parsed.CommandResult.Command.Action is null && parsed.UnmatchedTokens.Count == 0)
        {
            // Where all work is in commands and none is named, they are shown.
            parsed = root.Parse([.. arguments, "--help"]);
        }

        if (parsed.Errors.Count > 0)
        {
            // That a command is missing stands first, and says less than that one is unknown.
            bool isWithoutCommand = parsed.CommandResult.Command.Action is null;
            string problem = parsed.Errors[isWithoutCommand ? ^1 : 0].Message;
            await error.WriteLineAsync($"diffusion: {OneLine(problem)}");
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
            or VulkanException or DllNotFoundException or NotSupportedException or NonFiniteSampleException
        || (TorchFeature.IsIncluded && exception is DivergedException);

    private static string OneLine(string message)
    {
        string plain = ParameterName().Replace(message, "");
        plain = TypeName().Replace(plain, match => $". It must be {WordsFor(match.Groups[1].Value)}.");
        return Whitespace().Replace(plain, " ").Trim();
    }

    private static string WordsFor(string type) => type switch
    {
        nameof(Int32) or nameof(Int64) => "a whole number",
        nameof(UInt32) or nameof(UInt64) => "a whole number of at least 0",
        nameof(Single) or nameof(Double) => "a number",
        nameof(Boolean) => "true or false",
        _ => $"a {type}",
    };

    // .NET appends the parameter's name to an argument's message; whoever types options has no parameters.
    [GeneratedRegex(@" \(Parameter '\w+'\)")]
    private static partial Regex ParameterName();

    // "Cannot parse argument 'x' for option '--n' as expected type 'System.Int32'." and its like for nullable types.
    [GeneratedRegex(@" as expected type 'System\.(?:Nullable`1\[System\.)?(\w+)\]?'\.?(?: Did you mean.*)?")]
    private static partial Regex TypeName();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Whitespace();
}
