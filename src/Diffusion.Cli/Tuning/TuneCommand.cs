using System.CommandLine;
using Diffusion.Cli.Generation;
using Diffusion.Render.Compute.Tuning;
using Diffusion.Render.Devices;
using Diffusion.Runtime.Models;
using Spectre.Console;

namespace Diffusion.Cli.Tuning;

/// <summary><c>tune</c>: measures once which tiles of the compute kernels a device runs fastest.</summary>
internal static class TuneCommand
{
    /// <summary>Builds the command.</summary>
    /// <param name="console">Where lines go; null for the terminal.</param>
    public static Command Create(IAnsiConsole? console = null)
    {
        Option<string?> gpu = GpuOption.Create();
        var model = new Option<string?>("--model")
        {
            Description = $"Model folder whose kernels are timed. Default: {ModelLocator.DefaultModel}.",
            HelpName = "DIR",
        };
        var folder = new Option<string?>("--folder")
        {
            Description = "Where the result goes: the host's folder for its pipeline cache. Default: the demo's.",
            HelpName = "DIR",
        };
        OptionRules.RequireText(folder);
        var command = new Command(
            "tune", "Times variants of the compute kernels on a device; demo and plugin use the fastest from then on.")
        {
            gpu, model, folder,
        };
        command.SetAction((result, _) =>
        {
            Run(
                ModelFolder.Open(ModelLocator.Find(result.GetValue(model))), result.GetValue(gpu),
                result.GetValue(folder), console ?? AnsiConsole.Console);
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Run(ModelFolder model, string? gpu, string? folder, IAnsiConsole console)
    {
        folder ??= VulkanDeviceOptions.UserCacheFolder
            ?? throw new UserErrorException("--folder is needed: this user has no folder for local data.");
        using VulkanDevice device = VulkanDevice.Create(
            new VulkanDeviceOptions { Device = gpu, PipelineCacheFolder = folder });
        try
        {
            TuningReport report = ComputeTuner.Run(model, device, console.WriteLine);
            console.WriteLine(FormattableString.Invariant(
                $"{device.Info.Name}: {report.Before.TotalMilliseconds:f2} ms before, ")
                + FormattableString.Invariant($"{report.After.TotalMilliseconds:f2} ms now; {report.Path}"));
        }
        catch (Exception error) when (error is ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"Tuning failed: {error.Message}", error);
        }
    }
}
