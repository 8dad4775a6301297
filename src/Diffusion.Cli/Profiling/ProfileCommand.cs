using System.CommandLine;
using Diffusion.Cli.Generation;
using Spectre.Console;

namespace Diffusion.Cli.Profiling;

/// <summary><c>profile</c>: frames under a budget, measured.</summary>
internal static class ProfileCommand
{
    private const double MaxMilliseconds = 1000;
    private const int MaxFrames = 200_000;
    private const int MinFrames = 3;
    private const int MaxTextures = 256;

    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var generation = new GenerationOptions();
        var budget = Option("--budget-ms", 8.0, "Milliseconds for the runtime in each frame.", "MS");
        var frames = Option("--frames", 3000, "Frames of each policy.", "N");
        var textures = Option("--textures", 4, "Textures that are generated at the same time.", "N");
        var size = new Option<string?>("--size")
        {
            Description = "Size of a texture, a multiple of the network's stride. Default: the model's own.",
            HelpName = "WxH",
        };
        var policy = Option(
            "--policy", PolicyNames.All, "How a frame's time is spent.", string.Join('|', PolicyNames.Named) + "|all");
        policy.AcceptOnlyFromAmong([.. PolicyNames.Named, PolicyNames.All]);
        var load = Option("--load", "none", "Burn a core in a second process in the middle third of the frames.", "none|cpu");
        load.AcceptOnlyFromAmong("none", "cpu");
        var hostWork = Option("--frame-ms", 0.0, "Milliseconds that the host computes in each frame beside the tick.", "MS");
        var output = Option("--out", "out/profile", "Folder for report.json, report.html and trace.json.", "DIR");

        var command = new Command("profile", "Measures frames that generate textures under a budget.");
        generation.AddTo(command);
        foreach (Option option in (Option[])[budget, frames, textures, size, policy, load, hostWork, output])
        {
            command.Options.Add(option);
        }

        command.SetAction((result, cancel) =>
        {
            string chosen = result.GetValue(policy)!;
            string? wanted = result.GetValue(size);
            var settings = new ProfileSettings
            {
                Generation = generation.Read(result),
                Size = wanted is null ? null : CanvasSize.Parse(wanted, "--size"),
                Budget = Milliseconds("--budget-ms", result.GetValue(budget), isZeroAllowed: false),
                Frames = Count("--frames", result.GetValue(frames), MinFrames, MaxFrames),
                Textures = Count("--textures", result.GetValue(textures), 1, MaxTextures),
                HostWork = Milliseconds("--frame-ms", result.GetValue(hostWork), isZeroAllowed: true),
                Policies = chosen == PolicyNames.All ? PolicyNames.Named : [chosen],
                LoadsCpu = result.GetValue(load) == "cpu",
                OutputFolder = result.GetValue(output)!,
            };
            new Profiler(settings, AnsiConsole.Console).Run(cancel);
            return Task.FromResult(0);
        });
        return command;
    }

    private static Option<T> Option<T>(string name, T value, string description, string helpName) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => value,
        HelpName = helpName,
    };

    private static TimeSpan Milliseconds(string option, double value, bool isZeroAllowed) =>
        (value > 0 || (isZeroAllowed && value == 0)) && value <= MaxMilliseconds
            ? TimeSpan.FromMilliseconds(value)
            : throw new UserErrorException(
                $"{option} {value} is out of range: it must be {(isZeroAllowed ? "from" : "above")} 0 "
                + $"to {MaxMilliseconds}.");

    private static int Count(string option, int value, int min, int max) => value >= min && value <= max
        ? value
        : throw new UserErrorException($"{option} {value} is out of range: it must be {min} to {max}.");
}
