using System.Collections.Concurrent;
using Diffusion.Runtime;
using Diffusion.Runtime.Backends;

namespace Diffusion.Cli.Evaluation.Quality;

/// <summary>Makes the textures that a comparison lacks.</summary>
internal static class SampleMaker
{
    // A backend takes half of the cores, so two of them, each with a chain and a thread of its own, keep all of them
    // busy.
    private const int Workers = 2;

    private static readonly TimeSpan _budget = TimeSpan.FromMilliseconds(200);

    /// <summary>Makes them, a strip at a time; what is finished stays when it is interrupted.</summary>
    /// <param name="model">The model.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="classNames">The classes.</param>
    /// <param name="list">Seed and count.</param>
    /// <param name="store">Where strips are kept.</param>
    /// <param name="progress">Hears how many steps were done.</param>
    /// <param name="cancellation">Ends it after the current tick.</param>
    public static void Make(
        QualityModel model,
        IReadOnlyList<QualityRow> rows,
        IReadOnlyList<string> classNames,
        RowList list,
        SampleStore store,
        Action<int> progress,
        CancellationToken cancellation)
    {
        var missing = new ConcurrentQueue<(QualityRow Row, string ClassName)>(Missing(rows, classNames, store));
        if (missing.IsEmpty)
        {
            return;
        }

        int workers = Math.Min(Math.Min(Workers, Environment.ProcessorCount), missing.Count);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task[] tasks = [.. Enumerable.Range(0, workers).Select(_ => Task.Factory.StartNew(
            () => Work(model, missing, list, store, progress, stop),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default))];
        try
        {
            Task.WaitAll(tasks, CancellationToken.None);
        }
        catch (AggregateException several)
        {
            // The others were stopped by the first that failed.
            Exception cause = several.InnerExceptions.FirstOrDefault(e => e is not OperationCanceledException)
                ?? several.InnerExceptions[0];
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(cause);
        }
    }

    /// <summary>The strips that are not there.</summary>
    public static IEnumerable<(QualityRow Row, string ClassName)> Missing(
        IEnumerable<QualityRow> rows, IReadOnlyList<string> classNames, SampleStore store) =>
        rows.SelectMany(row => classNames.Select(name => (Row: row, ClassName: name)))
            .Where(strip => !store.Has(strip.Row, strip.ClassName));

    private static void Work(
        QualityModel model,
        ConcurrentQueue<(QualityRow Row, string ClassName)> missing,
        RowList list,
        SampleStore store,
        Action<int> progress,
        CancellationTokenSource stop)
    {
        try
        {
            using IDenoiserBackend backend = model.CreateBackend();
            using DiffusionRuntime runtime = model.CreateRuntime(backend);
            while (missing.TryDequeue(out var strip))
            {
                store.Write(strip.Row, strip.ClassName, [.. Enumerable.Range(0, list.Count).Select(i =>
                    QualityModel.Run(
                        runtime,
                        model.Request(strip.Row, strip.ClassName, list.Seed + (ulong)i),
                        _budget,
                        report => progress(report.StepsCompleted),
                        stop.Token).Texture)]);
            }
        }
        catch
        {
            stop.Cancel();
            throw;
        }
    }
}
