using System.Diagnostics;
using Diffusion.Cli.Generation;
using Diffusion.Cli.Output;
using Diffusion.Cli.Reporting;
using Diffusion.Runtime;
using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Solvers;
using Spectre.Console;

namespace Diffusion.Cli.Soaking;

/// <summary>Ticks a runtime while random verbs are called on it, and accounts for every texture.</summary>
internal sealed class Soak
{
    private const double SubmitChance = 0.05;
    private const double VerbChance = 0.05;
    private const double DeadlineChance = 0.5;
    private const int MaxSteps = 30;
    private const int TicksOfABudget = 200;
    private const int MostTicksToDrain = 1_000_000;
    private const int KeptTicks = 1_000_000;

    private static readonly double[] _budgets = [0, 1, 2, 4, 8, 16, 33];
    private static readonly TimeSpan _refreshInterval = TimeSpan.FromSeconds(1);

    private readonly SoakSettings _settings;
    private readonly IAnsiConsole _console;
    private readonly SoakLedger _ledger = new();
    private readonly SortedDictionary<string, int> _verbs = new(StringComparer.Ordinal);
    private readonly List<double> _overBudget = new(KeptTicks);
    private readonly Random _random;
    private int _completedByReports;
    private Solver[] _solvers = [];
    private long _tick;

    /// <summary>Keeps what it is given.</summary>
    public Soak(SoakSettings settings, IAnsiConsole console)
    {
        _settings = settings;
        _console = console;
        _random = new Random(settings.Seed);
    }

    /// <summary>Runs to the end of the time, completes what is under way and writes the report.</summary>
    /// <exception cref="SoakException">The runtime broke a promise.</exception>
    public SoakReport Run(CancellationToken cancel)
    {
        OutputFile.RequireWritable(_settings.OutputPath, "--out");
        CanvasSize size = LoadedModel.SizeOf(_settings.Generation, asked: null);
        using var model = LoadedModel.Load(_settings.Generation, size.Width, size.Height);
        using DiffusionRuntime runtime = model.CreateRuntime(size.Width, size.Height);
        _solvers = SolversFor(model.Folder.Description);
        var memory = new MemoryLog(_settings.Duration);
        long begun = Stopwatch.GetTimestamp();
        _console.Progress().AutoRefresh(false).Start(progress => Play(model, runtime, memory, progress, cancel));
        TimeSpan taken = Stopwatch.GetElapsedTime(begun);
        int running = _ledger.Running;
        SoakReport report = Report(model, taken, memory, running);
        Drain(runtime);
        ReportFormat.Save(_settings.OutputPath, report);
        return report;
    }

    private void Play(
        LoadedModel model, DiffusionRuntime runtime, MemoryLog memory, ProgressContext progress,
        CancellationToken cancel)
    {
        ProgressTask bar = progress.AddTask("soak", maxValue: _settings.Duration.TotalSeconds);
        long begun = Stopwatch.GetTimestamp();
        TimeSpan refreshed = TimeSpan.Zero;
        TimeSpan budget = _settings.Budget ?? TimeSpan.FromMilliseconds(8);
        for (TimeSpan elapsed = default; elapsed < _settings.Duration; elapsed = Stopwatch.GetElapsedTime(begun))
        {
            cancel.ThrowIfCancellationRequested();
            if (_settings.Budget is null && _tick % TicksOfABudget == 0)
            {
                budget = TimeSpan.FromMilliseconds(Any(_budgets));
            }

            Disturb(model, runtime);
            Tick(runtime, budget);
            memory.Note(elapsed);
            if (elapsed - refreshed > _refreshInterval)
            {
                bar.Value = elapsed.TotalSeconds;
                progress.Refresh();
                refreshed = elapsed;
            }
        }

        bar.Value = _settings.Duration.TotalSeconds;
        progress.Refresh();
    }

    private void Tick(DiffusionRuntime runtime, TimeSpan budget)
    {
        TickReport report = runtime.Tick(budget);
        _completedByReports += report.TexturesCompleted;
        if (budget == TimeSpan.Zero)
        {
            return;
        }

        // Deadlines count ticks with time in them.
        _tick++;
        if (_overBudget.Count < KeptTicks && !report.Forced)
        {
            _overBudget.Add(report.Taken / budget);
        }

        foreach (SoakLedger.Account account in _ledger.Live)
        {
            _ledger.See(account, runtime.GetProgress(account.Texture), _tick);
        }
    }

    private void Disturb(LoadedModel model, DiffusionRuntime runtime)
    {
        if (_ledger.Live.Count < _settings.Textures && _random.NextDouble() < SubmitChance)
        {
            TextureRequest request = NextRequest(model);
            _ledger.Begin(runtime.Submit(request), request, _tick);
            Count("submit");
        }

        if (_ledger.Live.FirstOrDefault(account => !account.IsRunning) is { } ended
            && _random.NextDouble() < SubmitChance)
        {
            Release(runtime, ended);
        }

        if (_settings.IsDisturbed && _ledger.Live.Count > 0 && _random.NextDouble() < VerbChance)
        {
            Disturb(model, runtime, Any(_ledger.Live));
        }
    }

    private void Disturb(LoadedModel model, DiffusionRuntime runtime, SoakLedger.Account account)
    {
        TextureHandle texture = account.Texture;
        switch (_random.Next(7))
        {
            case 0:
                runtime.Cancel(texture);
                _ledger.Drop(account);
                Count("cancel");
                break;
            case 1:
                Release(runtime, account);
                break;
            case 2:
                TextureRequest request = NextRequest(model);
                account.Generation = runtime.KeepsSamples(texture, request) ? account.Generation : 0;
                runtime.Restart(texture, request);
                _ledger.Begin(account, request, _tick);
                Count("restart");
                break;
            case 3:
                Retarget(model, runtime, account);
                break;
            case 4:
                runtime.Pause(texture);
                account.IsDisturbed = true;
                Count("pause");
                break;
            case 5:
                ChangeSteps(runtime, account);
                break;
            default:
                runtime.Resume(texture);
                Count("resume");
                break;
        }
    }

    private void Release(DiffusionRuntime runtime, SoakLedger.Account account)
    {
        runtime.Release(account.Texture);
        _ledger.Release(account);
        Count("release");
    }

    // Sometimes to another shape, which the runtime must refuse.
    private void Retarget(LoadedModel model, DiffusionRuntime runtime, SoakLedger.Account account)
    {
        TextureRequest other = NextRequest(model);
        TextureRequest request = _random.Next(4) == 0 ? other : account.Request with
        {
            ClassLabel = other.ClassLabel,
            Seed = other.Seed,
        };
        request = request with { ReadyWithinTicks = null };
        try
        {
            runtime.Retarget(account.Texture, request);
        }
        catch (ArgumentException)
        {
            Count("retarget refused");
            return;
        }

        Count("retarget");
        account.IsDisturbed = true;
        account.Deadline = null;
        if (!account.IsRunning)
        {
            _ledger.Begin(account, request, _tick);
        }
    }

    private void ChangeSteps(DiffusionRuntime runtime, SoakLedger.Account account)
    {
        account.IsDisturbed = true;
        try
        {
            runtime.ChangeSteps(account.Texture, _random.Next(1, MaxSteps));
            Count("change steps");
        }
        catch (ArgumentException)
        {
            Count("change steps refused");
        }
    }

    private TextureRequest NextRequest(LoadedModel model)
    {
        int stride = model.Backend.Config.Stride;
        int most = _settings.MaxEdge / stride;
        IReadOnlyList<string> classes = model.Folder.ClassNames;
        int steps = _random.Next(1, MaxSteps + 1);
        return model.Request(Edge(), Edge()) with
        {
            ClassLabel = classes.Count == 0 ? null : _random.Next(classes.Count),
            Seed = (ulong)_random.NextInt64(),
            Seamless = _random.Next(4) > 0,
            GuidanceScale = model.Folder.Description.NullLabel >= 0 && _random.Next(2) == 0 ? 3 : 1,
            Priority = _settings.IsDisturbed && _random.Next(3) == 0 ? 1 : 0,
            Solver = Any(_solvers),
            Steps = steps,
            Times = default,
            Spacing = null,
            EndTime = null,
            ReadyWithinTicks = _random.NextDouble() < DeadlineChance ? _random.Next(60, 600) : null,
        };

        int Edge() => stride * _random.Next(Math.Max(1, most / 4), most + 1);
    }

    private static Solver[] SolversFor(ModelDescription model) =>
    [
        .. SolverCatalog.All(model.CleanVariance)
            .Where(solver => !solver.IsInversion && (!solver.ReadsVariance || model.PredictsVariance)),
    ];

    private void Drain(DiffusionRuntime runtime)
    {
        foreach (SoakLedger.Account account in _ledger.Live)
        {
            runtime.Resume(account.Texture);
        }

        for (int i = 0; _ledger.Running > 0; i++)
        {
            if (i == MostTicksToDrain)
            {
                throw new SoakException($"{_ledger.Running} textures never completed.");
            }

            Tick(runtime, TimeSpan.FromMilliseconds(_budgets[^1]));
        }

        int ended = _ledger.Completed + _ledger.Failed + _ledger.Dropped;
        if (ended != _ledger.Begun || _completedByReports != _ledger.Completed)
        {
            throw new SoakException(
                $"{_ledger.Begun} generations were begun, {ended} ended, {_ledger.Completed} were seen to complete and "
                + $"{_completedByReports} were reported.");
        }
    }

    private SoakReport Report(LoadedModel model, TimeSpan taken, MemoryLog memory, int running) => new()
    {
        Device = model.Backend.Device,
        Seed = _settings.Seed,
        Minutes = Math.Round(taken.TotalMinutes, 1),
        Ticks = _tick,
        Verbs = _verbs,
        Begun = _ledger.Begun,
        Completed = _ledger.Completed,
        Failed = _ledger.Failed,
        Dropped = _ledger.Dropped,
        Running = running,
        Deadlines = _ledger.Deadlines,
        DeadlinesMet = _ledger.DeadlinesMet,
        LongestWaitInTicks = _ledger.LongestWait,
        TickOverBudget = Percentiles.Of([.. _overBudget]),
        Memory = memory.Samples,
        DriftMegabytesPerHour = memory.DriftMegabytesPerHour,
    };

    private void Count(string verb) => _verbs[verb] = _verbs.GetValueOrDefault(verb) + 1;

    private T Any<T>(IReadOnlyList<T> among) => among[_random.Next(among.Count)];
}
