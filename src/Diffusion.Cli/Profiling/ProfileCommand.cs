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
        var budget = Option("--budget-ms", 8.0, "Milliseconds for the runtime in each frame.", "MS")
            .PositiveUpTo(MaxMilliseconds);
        var frames = Option("--frames", 3000, "Frames of each policy.", "N").Within(MinFrames, MaxFrames);
        var textures = Option("--textures", 4, "Textures that are generated at the same time.", "N")
            .Within(1, MaxTextures);
        var size = new Option<string?>("--size")
        {
            Description = "Size of a texture, a multiple of the network's stride. Default: the model's own.",
            HelpName = "WxH",
        };
        var policy = Option<string[]>(
            "--policy",
            [PolicyNames.All],
            "How a frame's time is spent; one or several.",
            string.Join('|', PolicyNames.Named) + "|all");
        policy.AllowMultipleArgumentsPerToken = true;
        policy.AcceptOnlyFromAmong([.. PolicyNames.Named, PolicyNames.All]);
        var load = Option(
            "--load", "none", "Burn a core by a second process in the middle third of the frames.", "none|cpu");
        load.AcceptOnlyFromAmong("none", "cpu");
        var hostWork = Option("--frame-ms", 0.0, "Milliseconds that the host computes in each frame by itself.", "MS")
            .Within(0, MaxMilliseconds);
        var output = Option("--out", "out/profile", "Folder for report.json, report.html and trace.json.", "DIR")
            .NotEmpty();

        var command = new Command("profile", "Measures frames that generate textures under a budget.");
        generation.AddTo(command);
        foreach (Option option in (Option[])[budget, frames, textures, size, policy, load, hostWork, output])
        {
            command.Options.Add(option);
        }

        command.SetAction((result, cancel) =>
        {
            GenerationSettings generated = generation.Read(result);
            if (GenerationOptions.TryPrintList(generated, Console.Out))
            {
                return Task.FromResult(0);
            }

            string[] chosen = result.GetValue(policy)!;
            string? wanted = result.GetValue(size);
            var settings = new ProfileSettings
            {
                Generation = generated,
                Size = wanted is null ? null : CanvasSize.Parse(wanted, "--size"),
                Budget = TimeSpan.FromMilliseconds(result.GetValue(budget)),
                Frames = result.GetValue(frames),
                Textures = result.GetValue(textures),
                HostWork = TimeSpan.FromMilliseconds(result.GetValue(hostWork)),
                Policies = chosen.Contains(PolicyNames.All) ? PolicyNames.Named : [.. chosen.Distinct()],
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
}
