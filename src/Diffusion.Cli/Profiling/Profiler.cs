using System.Diagnostics;
using Diffusion.Cli.Generation;
using Diffusion.Cli.Output;
using Diffusion.Cli.Profiling.Html;
using Diffusion.Cli.Reporting;
using Diffusion.Runtime;
using Diffusion.Runtime.Telemetry;
using Spectre.Console;

namespace Diffusion.Cli.Profiling;

/// <summary>Runs the same frames with each policy and writes what they took.</summary>
/// <remarks>A run that is cancelled or fails writes nothing.</remarks>
internal sealed class Profiler
{
    /// <summary>Spans and counters kept for <c>trace.json</c>, which stays below 20 MB with them.</summary>
    public const int MaxTraceEntries = 20_000_000 / ChromeTraceWriter.MaxBytesPerEntry;

    // The bar is drawn between frames, on this thread: a thread of its own would take time from the frames.
    private static readonly TimeSpan _refreshInterval = TimeSpan.FromMilliseconds(250);

    private readonly ProfileSettings _settings;
    private readonly IAnsiConsole _console;
    private readonly TraceRecorder _trace = new(MaxTraceEntries);
    private readonly TraceTrack _frames;
    private readonly TraceName _frame;

    /// <summary>Keeps what it is given.</summary>
    public Profiler(ProfileSettings settings, IAnsiConsole console)
    {
        _settings = settings;
        _console = console;
        _frames = _trace.AddTrack("host", "frames");
        _frame = _trace.AddName("frame");
    }

    /// <summary>Runs the profile to the end.</summary>
    /// <exception cref="UserErrorException">An option does not suit the model, or the folder is not
    /// writable.</exception>
    public void Run(CancellationToken cancel)
    {
        OutputFile.RequireWritableFolder(_settings.OutputFolder);
        CanvasSize size = LoadedModel.SizeOf(_settings.Generation, _settings.Size);
        using var model = LoadedModel.Load(_settings.Generation, size.Width, size.Height);
        ProfileResult result = Measure(model, model.Request(size.Width, size.Height), cancel);

        string folder = _settings.OutputFolder;
        OutputFile.Write(Path.Combine(folder, "trace.json"), stream => ChromeTraceWriter.Write(stream, _trace));
        OutputFile.Write(Path.Combine(folder, "report.html"), stream => HtmlReport.Write(stream, result));
        ReportFormat.Save(Path.Combine(folder, "report.json"), result.Report);
        ProfileTable.Print(result, _console);
        _console.MarkupLineInterpolated($"Wrote {folder}: report.json, report.html, trace.json.");
    }

    private ProfileResult Measure(LoadedModel model, TextureRequest request, CancellationToken cancel)
    {
        SliceSurvey survey = SliceSurvey.Take(model, request, cancel);
        var work = new HostWork(_settings.HostWork);
        using CpuLoad? load = _settings.LoadsCpu ? new CpuLoad() : null;
        List<PolicyRun> runs = [];
        PolicyRun? off = null;
        _console.Progress().AutoRefresh(false).Start(progress =>
        {
            off = RunFrames(new OffPolicy(), work, load, progress, cancel);
            foreach (string name in _settings.Policies)
            {
                using IFramePolicy policy = Create(name, model, request, survey);
                runs.Add(RunFrames(policy, work, load, progress, cancel));
            }
        });
        return new ProfileResult
        {
            Settings = _settings,
            Runs = runs,
            Off = off!,
            Survey = survey,
            Report = new ProfileReportBuilder(_settings, model, request, survey, off!, _trace).Build(runs),
        };
    }

    private IFramePolicy Create(string name, LoadedModel model, TextureRequest request, SliceSurvey survey)
    {
        if (name == PolicyNames.Budget)
        {
            return new BudgetPolicy(model, request, _settings.Textures, _trace);
        }

        if (name == PolicyNames.Clock)
        {
            return new ClockPolicy();
        }

        if (name == PolicyNames.OwnThread)
        {
            return new ThreadPolicy(model, request, _settings.Textures);
        }

        var pool = new ChainPool(model, request, _settings.Textures);
        return name == PolicyNames.WholeStep
            ? ChainPolicy.WholeSteps(pool, survey, _settings.Budget)
            : ChainPolicy.Slices(pool, survey, _settings.Budget);
    }

    private PolicyRun RunFrames(
        IFramePolicy policy, HostWork work, CpuLoad? load, ProgressContext progress, CancellationToken cancel)
    {
        var run = new PolicyRun(policy, _settings.Frames);
        ProgressTask bar = progress.AddTask(policy.Name, maxValue: _settings.Frames);
        int collections = GC.CollectionCount(0);
        long refreshed = Stopwatch.GetTimestamp();
        for (int frame = 0; frame < _settings.Frames; frame++)
        {
            cancel.ThrowIfCancellationRequested();
            load?.Set(frame >= _settings.LoadBegin && frame < _settings.LoadEnd);
            RunFrame(policy, work, run);
            if (Stopwatch.GetElapsedTime(refreshed) > _refreshInterval)
            {
                bar.Value = frame + 1;
                progress.Refresh();
                refreshed = Stopwatch.GetTimestamp();
            }
        }

        load?.Set(false);
        bar.Value = _settings.Frames;
        progress.Refresh();
        run.GcCollections = GC.CollectionCount(0) - collections;
        return run;
    }

    private void RunFrame(IFramePolicy policy, HostWork work, PolicyRun run)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long begin = Stopwatch.GetTimestamp();
        var tick = policy.Tick(_settings.Budget);
        work.Run();
        policy.RestartFinished();
        TimeSpan taken = Stopwatch.GetElapsedTime(begin);
        run.Add(new FrameSample(taken, tick), GC.GetAllocatedBytesForCurrentThread() - allocated);
        if (policy is BudgetPolicy)
        {
            _trace.Span(_frames, _frame, begin, taken, TraceDetails.None);
        }
    }
}
