using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Chains;

/// <summary>One reverse diffusion that can stop between any two slices of work, and go on.</summary>
/// <remarks>
/// Its slices are: <c>start</c> once, then per step those of the session's that the step's evaluation runs, and
/// <c>solver_step</c>. Owns the session. One thread at a time; advancing allocates nothing beyond what the backend
/// does. A backend's exception ends the chain as <see cref="ChainStatus.Failed"/> and is kept in <see cref="Failure"/>,
/// so that one bad texture does not take a frame down.
/// </remarks>
public sealed class DiffusionChain : IDisposable
{
    private readonly IDenoiserSession _session;
    private readonly ChainSlices _slices;
    private readonly ChainSteps _steps = new();
    private ChainSettings _settings;
    private int _slice;

    // What the present step's evaluation runs.
    private SliceRange _evaluated;
    private bool _isPaused;
    private bool _hasNewMask;

    /// <summary>Makes a chain that is ready to advance.</summary>
    /// <param name="session">The backend's session, owned from here on.</param>
    /// <param name="settings">What to compute.</param>
    /// <exception cref="ArgumentException">The settings have fewer than two levels, or their first level has no signal
    /// at all.</exception>
    public DiffusionChain(IDenoiserSession session, ChainSettings settings)
    {
        ArgumentNullException.ThrowIfNull(session);
        _session = session;
        _slices = new ChainSlices(session);
        _settings = CheckedSettings(settings);
        _steps.Begin(_settings);
    }

    /// <summary>Called at the end of each step, or null.</summary>
    public StepCompletedHandler? StepCompleted { get; set; }

    /// <summary>
    /// Every slice of the chain: <c>start</c>, the session's, <c>solver_step</c>. Fixed for the chain's life.
    /// </summary>
    public IReadOnlyList<SliceInfo> Slices => _slices.All;

    /// <summary>Which of <see cref="Slices"/> the session also runs at once. Fixed for the chain's life.</summary>
    public IReadOnlyList<SliceSpan> Spans => _slices.Spans;

    /// <summary>The one of <see cref="Spans"/> that <see cref="AdvanceSpan"/> would run next, or -1.</summary>
    public int NextSpan => _slices.SpanAt(_slice);

    /// <summary>
    /// Index in <see cref="Slices"/> of what <see cref="AdvanceSlice"/> does next; after the last step it stays at
    /// <c>solver_step</c>.
    /// </summary>
    public int NextSliceIndex => _slice;

    /// <summary>What <see cref="AdvanceSlice"/> does next.</summary>
    public SliceInfo NextSlice => _slices.All[_slice];

    /// <summary>Whether the next slice is only handed to a device: <see cref="IDenoiserSession.RunsBesideTheHost"/>,
    /// <see cref="IDenoiserSession.StepsBesideTheHost"/>.</summary>
    public bool IsNextSliceBesideTheHost => _slice == _slices.SolverStep
        ? _session.StepsBesideTheHost
        : _slice > ChainSlices.Start && _session.RunsBesideTheHost;

    /// <summary>Which of <see cref="Slices"/> a step runs before its <c>solver_step</c>.</summary>
    /// <param name="isGuided">Whether guidance applies at its level.</param>
    public SliceRange SlicesOf(bool isGuided) => _slices.Of(isGuided);

    /// <summary>Where finished steps are published; the session's.</summary>
    public SampleRing Samples => _session.Samples;

    /// <summary>Where the chain stands.</summary>
    public ChainStatus Status { get; private set; }

    /// <summary>Whether <see cref="AdvanceSlice"/> has something to do.</summary>
    public bool IsRunnable => Status is ChainStatus.Running or ChainStatus.Waiting;

    /// <summary>Steps finished, 0 .. <see cref="StepCount"/>; one for each network evaluation.</summary>
    public int Step => _steps.Done;

    /// <summary>Steps in all.</summary>
    public int StepCount => _steps.Count;

    /// <summary>Steps left in which guidance applies: they may take longer.</summary>
    public int GuidedStepsLeft => _steps.GuidedLeft;

    /// <summary>Whether guidance applies in the present step.</summary>
    public bool IsGuided => !_steps.AreDone && _settings.IsGuidedAt(Level);

    /// <summary>Whether the chain runs, waits or is paused, and its last step is not yet handed out.</summary>
    public bool HasStepsLeft => (IsRunnable || Status is ChainStatus.Paused) && !_steps.AreDone;

    /// <summary>Whether <see cref="ChangeSteps"/> can leave levels out: each is the end of a step.</summary>
    public bool CanSkipLevels => _settings.HasOneEvaluationAStep;

    /// <summary>The noise level of the current x_t.</summary>
    public NoiseLevel Level => _steps.Level;

    /// <summary>What is kept of the image that the chain starts from: <see cref="ChainSettings.Mask"/>.</summary>
    internal ReadOnlyMemory<float> Mask => _settings.Mask;

    /// <summary>Why the chain failed, or null.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Does the next slice.</summary>
    /// <returns>
    /// Whether work was done: false when the chain is not runnable, or when it stays <see cref="ChainStatus.Waiting"/>
    /// for readers or for a device.
    /// </returns>
    public bool AdvanceSlice() => TryAdvance(ChainSlices.NoSpan);

    /// <summary>Does all slices of <see cref="NextSpan"/>, or the next slice where there is none.</summary>
    /// <returns>As <see cref="AdvanceSlice"/>.</returns>
    public bool AdvanceSpan() => TryAdvance(NextSpan);

    /// <summary>The next slice whose time on a device beside the host has become known; polls.</summary>
    /// <param name="slice">Its index in <see cref="Slices"/>.</param>
    /// <param name="cost">What it took there.</param>
    /// <returns>False when there is none.</returns>
    public bool TryReadCost(out int slice, out TimeSpan cost)
    {
        bool isKnown = _session.TryReadCost(out slice, out cost);
        slice += ChainSlices.FirstOfSession;
        return isKnown;
    }

    /// <summary>Stops a running chain where it stands; otherwise nothing.</summary>
    public void Pause()
    {
        if (IsRunnable)
        {
            _isPaused = true;
            Status = ChainStatus.Paused;
        }
    }

    /// <summary>Lets a paused chain go on; otherwise nothing.</summary>
    public void Resume()
    {
        if (_isPaused)
        {
            _isPaused = false;
            Status = ChainStatus.Running;
        }
    }

    /// <summary>Ends the chain; the last published image stays readable.</summary>
    public void Cancel()
    {
        if (IsRunnable || Status is ChainStatus.Paused)
        {
            _isPaused = false;
            Status = ChainStatus.Cancelled;
        }
    }

    /// <summary>Begins again, from any status, with the same settings or others.</summary>
    /// <param name="settings">What to compute from now on, or null for the same again.</param>
    /// <exception cref="ArgumentException">The settings are not usable; the chain is unchanged.</exception>
    public void Restart(ChainSettings? settings = null)
    {
        _settings = CheckedSettings(settings ?? _settings);
        _steps.Begin(_settings);
        _slice = ChainSlices.Start;
        _isPaused = false;
        Failure = null;
        Status = ChainStatus.Running;
    }

    /// <summary>
    /// Changes how many steps are left, by thinning the settings' own levels evenly. Allocates nothing.
    /// </summary>
    /// <remarks>The present evaluation stays; earlier levels do too, so that multistep solvers go on. Does nothing to a
    /// chain that has ended.</remarks>
    /// <param name="stepsLeft">1 to as many as the settings have below the present level.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is outside its range; nothing changed.</exception>
    /// <exception cref="InvalidOperationException">The chain cannot: see <see cref="CanSkipLevels"/>.</exception>
    public void ChangeSteps(int stepsLeft)
    {
        if (!CanSkipLevels)
        {
            throw new InvalidOperationException(
                $"The solver '{_settings.Solver.Name}' evaluates between its steps; their number stays.");
        }

        if (HasStepsLeft)
        {
            _steps.Thin(stepsLeft, _settings);
        }
    }

    /// <summary>Goes on from the present x_t towards another image; the levels and what is kept stay.</summary>
    /// <param name="settings">Classes, guidance, colours, clamp and noise from now on; the rest of it is not
    /// read.</param>
    /// <exception cref="InvalidOperationException">The chain has ended.</exception>
    public void Retarget(ChainSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (!HasStepsLeft)
        {
            throw new InvalidOperationException($"The chain is {Status}; it can only be restarted.");
        }

        _settings = _settings.Towards(settings);

        // The evaluation under way is of the old class.
        _hasNewMask = true;
        _steps.CountGuided(_settings);
        if (_slice > ChainSlices.Start)
        {
            BeginStep();
        }
    }

    /// <summary>Disposes the session.</summary>
    public void Dispose()
    {
        Cancel();
        _session.Dispose();
    }

    private bool TryAdvance(int span)
    {
        if (!IsRunnable)
        {
            return false;
        }

        try
        {
            return Advance(span);
        }
        catch (Exception failure)
        {
            Failure = failure;
            Status = ChainStatus.Failed;
            return true;
        }
    }

    private bool Advance(int span)
    {
        if (_slice == ChainSlices.Start)
        {
            SetClassMask();
            _session.Start(
                Level, _settings.Noise, _settings.Image, _settings.Mask, isNoised: !_settings.Solver.IsInversion);
            BeginStep();
            return true;
        }

        if (_steps.AreDone)
        {
            Status = ChainStatus.Waiting;
            return Finish();
        }

        return _slice < _slices.SolverStep ? Evaluate(span) : CompleteStep();
    }

    private bool Evaluate(int span)
    {
        int first = _slice - ChainSlices.FirstOfSession;
        if (!_session.IsReady(first))
        {
            Status = ChainStatus.Waiting;
            return false;
        }

        Status = ChainStatus.Running;
        if (_slice == _evaluated.First)
        {
            if (_hasNewMask)
            {
                SetClassMask();
            }

            _session.BeginEvaluation(_settings.EvaluationAt(Level, _steps.Next));
        }

        if (span == ChainSlices.NoSpan)
        {
            _session.RunSlice(first);
            _slice++;
        }
        else
        {
            _session.RunSpan(span);
            _slice += Spans[span].Count;
        }

        if (_slice == _evaluated.End)
        {
            _slice = _slices.SolverStep;
        }

        return true;
    }

    private bool CompleteStep()
    {
        LinearStep step = _settings.Solver.Plan(_steps.Levels, Step);
        if (!_session.CompleteStep(step, _settings.Noise, Step + 1))
        {
            Status = ChainStatus.Waiting;
            return false;
        }

        _steps.Advance(_settings);
        Status = ChainStatus.Running;
        if (_steps.AreDone)
        {
            Finish();
        }
        else
        {
            BeginStep();
        }

        StepCompleted?.Invoke(new StepResult(Samples, Step, Level));
        return true;
    }

    private void BeginStep()
    {
        _evaluated = SlicesOf(IsGuided);
        _slice = _evaluated.First;
    }

    private void SetClassMask()
    {
        _session.SetClassMask(_settings.SecondMask.Span);
        _hasNewMask = false;
    }

    // All steps are handed out; a device may still be at work on the last ones.
    private bool Finish()
    {
        if (!_session.TryFinish())
        {
            return false;
        }

        Status = ChainStatus.Completed;
        return true;
    }

    private static ChainSettings CheckedSettings(ChainSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.Levels.Length < 2)
        {
            throw new ArgumentException(
                $"A chain needs at least 2 noise levels, not {settings.Levels.Length}.", nameof(settings));
        }

        NoiseLevel first = settings.Levels.Span[0];
        return first.Alpha > 0 && first.Sigma > 0
            ? settings
            : throw new ArgumentException(
                $"A chain must start where α and σ are positive, not at {first}.", nameof(settings));
    }
}
