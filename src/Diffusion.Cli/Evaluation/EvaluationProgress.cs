using Spectre.Console;

namespace Diffusion.Cli.Evaluation;

/// <summary>The progress bars of <c>evaluate</c>, which can take hours: with the time that is left.</summary>
internal static class EvaluationProgress
{
    /// <summary>Bars that are not yet started.</summary>
    public static Progress On(IAnsiConsole console) => console.Progress().Columns(
        new TaskDescriptionColumn { Alignment = Justify.Left },
        new ProgressBarColumn(),
        new PercentageColumn(),
        new ElapsedTimeColumn(),
        new RemainingTimeColumn());
}
