using System.Text.Json;
using Diffusion.Cli.Output;
using Diffusion.Runtime;
using Diffusion.Runtime.Backends;

namespace Diffusion.Cli.Evaluation.Quality;

/// <summary><c>times.json</c>: how long textures of each row take in ticks of a frame budget.</summary>
internal sealed class RowTimer
{
    /// <summary>The budget of a tick in milliseconds.</summary>
    public const int BudgetMs = 8;

    // Slices of each kind until the model of time knows them.
    private const int WarmUpSteps = 12;

    private static readonly JsonSerializerOptions _format = new() { WriteIndented = true };

    private readonly string _path;
    private readonly Dictionary<string, RowTime> _times;

    /// <summary>Reads what is known.</summary>
    public RowTimer(string folder)
    {
        _path = Path.Combine(folder, "times.json");
        _times = Read(_path);
    }

    /// <summary>The time of a row, or null while it is not known.</summary>
    public RowTime? this[QualityRow row] => _times.GetValueOrDefault(row.Key);

    /// <summary>Measures a model's rows, and keeps each as soon as it is known.</summary>
    /// <param name="model">The model.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="className">Class of the textures, which does not change their time.</param>
    /// <param name="count">Textures of a row.</param>
    /// <param name="progress">Hears how many steps were done.</param>
    /// <param name="cancellation">Ends it after the current tick.</param>
    public void Measure(
        QualityModel model,
        IReadOnlyList<QualityRow> rows,
        string className,
        int count,
        Action<int> progress,
        CancellationToken cancellation)
    {
        if (rows.Count == 0)
        {
            return;
        }

        var budget = TimeSpan.FromMilliseconds(BudgetMs);
        using IDenoiserBackend backend = model.CreateBackend();
        using DiffusionRuntime runtime = model.CreateRuntime(backend);
        QualityModel.Run(
            runtime, model.Request(rows[0] with { Steps = WarmUpSteps }, className, 0), budget, _ => { }, cancellation);
        foreach (QualityRow row in rows)
        {
            var milliseconds = new double[count];
            var frames = new int[count];
            int evaluations = 0;
            for (int i = 0; i < count; i++)
            {
                (_, evaluations) = QualityModel.Run(runtime, model.Request(row, className, (ulong)i), budget, report =>
                {
                    milliseconds[i] += report.Taken.TotalMilliseconds;
                    frames[i]++;
                    progress(report.StepsCompleted);
                }, cancellation);
            }

            Array.Sort(milliseconds);
            Array.Sort(frames);
            _times[row.Key] = new RowTime(
                Math.Round(milliseconds[count / 2], 2),
                frames[count / 2],
                evaluations,
                backend.Device);
            OutputFile.Write(_path, stream => JsonSerializer.Serialize(stream, _times, _format));
        }
    }

    private static Dictionary<string, RowTime> Read(string path)
    {
        try
        {
            return File.Exists(path)
                ? JsonSerializer.Deserialize<Dictionary<string, RowTime>>(File.ReadAllText(path)) ?? []
                : [];
        }
        catch (JsonException exception)
        {
            throw new UserErrorException($"'{path}' is no list of times: {exception.Message}", exception);
        }
    }
}
