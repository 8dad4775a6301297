using System.CommandLine;
using Diffusion.Runtime.Models;
using Diffusion.Torch.Training;
using Diffusion.Torch.Training.Objectives;

namespace Diffusion.Cli.Training;

/// <summary>The option of <c>train</c> that begins with the weights of a model in place of random ones.</summary>
internal static class StartArguments
{
    private static readonly Option<string?> _from = new("--from")
    {
        Description = "Model folder to begin with: trains its network further, on these pictures and their classes.",
        HelpName = "DIR",
    };

    static StartArguments() => OptionRules.RequireText(_from);

    /// <summary>All of them, for the command.</summary>
    public static IReadOnlyList<Option> All => [_from];

    /// <summary>Whether a model to begin with is named.</summary>
    public static bool IsAsked(ParseResult parsed) => parsed.GetValue(_from) is not null;

    /// <summary>The run's settings: network, schedule and prediction are the model's.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="options">What else was asked for.</param>
    /// <param name="canvas">Edge of the training pictures, or null for the model's.</param>
    /// <param name="ofTheModel">Options that the model decides.</param>
    /// <exception cref="UserErrorException">Some of it does not go together.</exception>
    public static RunSettings SettingsOf(
        ParseResult parsed, TrainingOptions options, int? canvas, IEnumerable<Option> ofTheModel)
    {
        OptionRules.RefuseGiven(parsed, ofTheModel, $"cannot go with {_from.Name}: the model decides it.");
        var folder = ModelFolder.Open(parsed.GetValue(_from)!);
        var settings = RunSettings.OfModel(folder, canvas, options) with { Start = ModelReference.Of(folder) };
        return FindProblem(folder, settings) is { } problem ? throw new UserErrorException(problem) : settings;
    }

    private static string? FindProblem(ModelFolder folder, RunSettings settings) =>
        folder.NullLabel != folder.ClassNames.Count || folder.ClassNames.Count == 0
            ? $"The model '{folder.Path}' has no classes with a null class after them, as 'train' gives a network."
        : folder.Scheduler.Sampler.DistilledSteps.Count > 0
            ? $"The model '{folder.Path}' is distilled to few steps; begin with its teacher."
        : folder.Description.PredictsVariance
            ? $"The model '{folder.Path}' predicts a variance, which only a run from the beginning can learn."
        : ExportCommand.IsNoiseOf(folder, settings)
            ? TrainingRules.FindProblem(settings.Options, folder.Description.Schedule)
        : $"The noise of '{folder.Path}' is none of linear, scaled-linear, cosine and cosine-zero-snr as 'train' has "
            + "them.";
}
