using System.Text;
using Diffusion.Cli.Evaluation.Gallery;
using Diffusion.Cli.Output;
using Spectre.Console;

namespace Diffusion.Cli.Evaluation.Quality;

/// <summary>Runs <c>evaluate --quality</c> with its progress, and writes its reports.</summary>
internal static class QualityCommand
{
    /// <summary>Runs to the end of the part that was asked for.</summary>
    public static async Task RunAsync(QualitySettings settings, IAnsiConsole console, CancellationToken cancellation)
    {
        var run = new QualityRun(settings);
        QualityResult? result = null;
        await EvaluationProgress.On(console).StartAsync(context => Task.Run(
            () => result = Work(run, settings, context, cancellation), CancellationToken.None));
        (int done, int all) = run.State;
        if (result is null)
        {
            console.MarkupLineInterpolated($"{done} of {all} rows have their textures: {settings.Folder}");
            return;
        }

        string[] names = ["quality.json", "quality.md", "quality.png"];
        List<string> written = [.. names.Select(name => Path.Combine(settings.Folder, name))];
        OutputFile.Write(written[0], result.WriteJson);
        OutputFile.Write(written[1], stream => stream.Write(Encoding.UTF8.GetBytes(QualityMarkdown.Of(result))));
        OutputFile.Write(written[2], stream => stream.Write(QualityPlot.DrawOverSteps(result)));
        if (QualityPlot.DrawOverTime(result) is { } overTime)
        {
            written.Add(Path.Combine(settings.Folder, "quality-time.png"));
            OutputFile.Write(written[^1], stream => stream.Write(overTime));
        }

        QualityTable.Print(result, console);
        if (settings.Gallery is { } gallery)
        {
            var source = new GallerySource(result, run.Store, run.HeldOut!, run.ClassNames);
            written.AddRange(GalleryWriter.Write(source, gallery, settings.Folder));
        }

        console.MarkupLineInterpolated($"{done} of {all} rows: {string.Join(", ", written)}");
    }

    private static QualityResult? Work(
        QualityRun run, QualitySettings settings, ProgressContext context, CancellationToken cancellation)
    {
        ProgressTask? samples = settings.Part is QualityPart.Times ? null : context.AddTask("textures", maxValue: 1);
        ProgressTask? times = settings.Part is QualityPart.Samples || settings.Timed == 0
            ? null
            : context.AddTask("times", maxValue: 1);
        bool isScored = settings.Part is QualityPart.All;
        ProgressTask? judge = isScored ? context.AddTask("judge of classes", maxValue: 1) : null;
        ProgressTask? scores = isScored ? context.AddTask("scores", maxValue: 1) : null;
        if (samples is not null)
        {
            run.MakeSamples(share => samples.Value = share, cancellation);
            samples.Value = 1;
        }

        if (times is not null)
        {
            run.Measure(settings.Part is QualityPart.Times, share => times.Value = share, cancellation);
            times.Value = 1;
        }

        return scores is null
            ? null
            : run.Score(share => judge!.Value = share, share => scores.Value = share, cancellation);
    }
}
