using System.CommandLine;
using Diffusion.Cli.Generation;
using Diffusion.Cli.Output;
using Diffusion.Cli.Reporting;
using Spectre.Console;

namespace Diffusion.Cli.Checking;

/// <summary><c>check</c>: what this machine has, why it lacks the rest, and whether what it has works.</summary>
internal static class CheckCommand
{
    /// <summary>Exit code when something that is there does not work, or nothing is there.</summary>
    public const int Failed = 1;

    /// <summary>Builds the command.</summary>
    /// <param name="console">Where the tables go; null for the terminal.</param>
    public static Command Create(IAnsiConsole? console = null)
    {
        Option<string?> gpu = GpuOption.Create();
        var model = new Option<string?>("--model")
        {
            Description = $"Model folder that backends are tested with. Default: {ModelLocator.DefaultModel}.",
            HelpName = "DIR",
        };
        var json = new Option<string?>("--json") { Description = "File to write the findings to.", HelpName = "FILE" };
        OptionRules.RequireText(json);
        var validation = new Option<bool>("--validation") { Description = "Test under the Vulkan validation layer." };
        var command = new Command(
            "check", "Lists devices, backends and sharing paths, and tests those that this machine has.")
        {
            gpu, model, json, validation,
        };
        command.SetAction((result, _) =>
        {
            string? file = result.GetValue(json);
            if (file is not null)
            {
                OutputFile.RequireWritable(file, "--json");
            }

            CheckReport report = Checker.Run(
                new CheckSettings(result.GetValue(gpu), result.GetValue(model), result.GetValue(validation)));
            CheckTable.Print(report, console ?? AnsiConsole.Console);
            if (file is not null)
            {
                ReportFormat.Save(file, report);
            }

            return Task.FromResult(report.Passed ? 0 : Failed);
        });
        return command;
    }
}
