using System.CommandLine;
using Diffusion.Cli.Generation;
using Spectre.Console;

namespace Diffusion.Cli.Soaking;

/// <summary><c>soak</c>: a long run of random use, with books kept.</summary>
internal static class SoakCommand
{
    private const double MaxMinutes = 7 * 24 * 60;
    private const double MaxMilliseconds = 1000;
    private const int MaxTextures = 256;
    private const int MaxEdge = 1024;

    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var generation = new GenerationOptions();
        var minutes = new Option<double>("--minutes")
        {
            Description = "How long it runs.",
            DefaultValueFactory = _ => 60,
            HelpName = "N",
        }.PositiveUpTo(MaxMinutes);
        var textures = new Option<int>("--textures")
        {
            Description = "Textures that live at the same time, at most.",
            DefaultValueFactory = _ => 12,
            HelpName = "N",
        }.Within(1, MaxTextures);
        var edge = new Option<int>("--max-edge")
        {
            Description = "The largest edge of a texture, in pixels.",
            DefaultValueFactory = _ => 128,
            HelpName = "N",
        }.Within(1, MaxEdge);
        var budget = new Option<double?>("--budget-ms")
        {
            Description = "A steady budget; without it budgets from 0 to 33 ms follow one another.",
            HelpName = "MS",
        }.PositiveUpTo(MaxMilliseconds);
        var calm = new Option<bool>("--calm")
        {
            Description = "Only submit and release, all of one priority: what deadlines are promised to.",
        };
        var output = new Option<string>("--out")
        {
            Description = "The report.",
            DefaultValueFactory = _ => "out/soak.json",
            HelpName = "FILE",
        }.NotEmpty();

        var command = new Command(
            "soak", "Submits, cancels, retargets, pauses and restarts random textures for a long time, keeping books.");
        generation.AddTo(command);
        foreach (Option option in (Option[])[minutes, textures, edge, budget, calm, output])
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

            var settings = new SoakSettings
            {
                Generation = generated,
                Duration = TimeSpan.FromMinutes(result.GetValue(minutes)),
                Textures = result.GetValue(textures),
                MaxEdge = result.GetValue(edge),
                Budget = result.GetValue(budget) is { } ms ? TimeSpan.FromMilliseconds(ms) : null,
                IsDisturbed = !result.GetValue(calm),
                Seed = (int)(generated.Seed & int.MaxValue),
                OutputPath = result.GetValue(output)!,
            };
            try
            {
                SoakReport report = new Soak(settings, AnsiConsole.Console).Run(cancel);
                Print(report, settings.OutputPath, AnsiConsole.Console);
                return Task.FromResult(0);
            }
            catch (SoakException broken)
            {
                Console.Error.WriteLine(broken.Message);
                return Task.FromResult(1);
            }
        });
        return command;
    }

    private static void Print(SoakReport report, string path, IAnsiConsole console)
    {
        string verbs = string.Join(", ", report.Verbs.Select(verb => $"{verb.Value} {verb.Key}"));
        console.WriteLine($"{report.Device}: {report.Ticks} ticks in {report.Minutes} minutes; {verbs}.");
        console.WriteLine(
            $"{report.Begun} generations begun: {report.Completed} completed, {report.Failed} failed, "
            + $"{report.Dropped} dropped, {report.Running} under way at the end; all accounted for.");
        console.WriteLine(
            $"Ready in time: {report.DeadlinesMet} of {report.Deadlines}. Longest wait for an image: "
            + $"{report.LongestWaitInTicks} ticks. Memory drifts by {report.DriftMegabytesPerHour} MB an hour.");
        console.WriteLine($"Wrote {path}.");
    }
}
