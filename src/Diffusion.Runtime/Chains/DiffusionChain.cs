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
    private const int StartSlice = 0;
    private const int NoSpan = -1;
    private const int BytesPerPixel = SampleRing.Channels * sizeof(float);

    // Rough operation counts, by which the cost model guesses before it has seen a slice: Philox and Box-Muller with
    // their logarithm and sine one value at a time, and a fused row.
    private const double StartFlopsPerValue = 600;
    private const double StepFlopsPerValue = 80;

    private readonly IDenoiserSession _session;
    private readonly SliceInfo[] _slices;

    // The span that begins at a slice, or -1.
    private readonly int[] _spanAt;
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
        SampleRing ring = session.Samples;
        double values = ring.PlaneLength;
        double imageBytes = (double)ring.Width * ring.Height * BytesPerPixel;
        _slices =
        [
            new SliceInfo("start", StartFlopsPerValue * values, 2 * imageBytes),
            .. session.Slices,
            new SliceInfo("solver_step", StepFlopsPerValue * values, 5 * imageBytes),
        ];
        _spanAt = new int[_slices.Length];
        Array.Fill(_spanAt, NoSpan);
        Spans = [.. session.Spans.Select(span => span with { First = span.First + StartSlice + 1 })];
        for (int i = 0; i < Spans.Count; i++)
        {
            _spanAt[Spans[i].First] = i;
        }

        _settings = Checked(settings);
        _steps.Begin(_settings);
    }

    /// <summary>Called at the end of each step, or null.</summary>
    public StepCompletedHandler? StepCompleted { get; set; }

    /// <summary>
    /// Every slice of the chain: <c>start</c>, the session's, <c>solver_step</c>. Fixed for the chain's life.
    /// </summary>
    public IReadOnlyList<SliceInfo> Slices => _slices;

    /// <summary>Which of <see cref="Slices"/> the session also runs at once. Fixed for the chain's life.</summary>
    public IReadOnlyList<SliceSpan> Spans { get; }

    /// <summary>The one of <see cref="Spans"/> that <see cref="AdvanceSpan"/> would run next, or -1.</summary>
    public int NextSpan
    {
        get
        {
            int span = _spanAt[_slice];
            return span >= 0 && _session.IsSpanReady(span) ? span : NoSpan;
        }
    }

    /// <summary>
    /// Index in <see cref="Slices"/> of what <see cref="AdvanceSlice"/> does next; after the last step it stays at
    /// <c>solver_step</c>.
    /// </summary>
    public int NextSliceIndex => _slice;

    /// <summary>What <see cref="AdvanceSlice"/> does next.</summary>
    public SliceInfo NextSlice => _slices[_slice];

    /// <summary>Whether the next slice is only handed to a device: <see cref="IDenoiserSession.RunsBesideTheHost"/>,
    /// <see cref="IDenoiserSession.StepsBesideTheHost"/>.</summary>
    public bool IsNextSliceBesideTheHost => _slice == _slices.Length - 1
        ? _session.StepsBesideTheHost
        : _slice > StartSlice && _session.RunsBesideTheHost;

    /// <summary>Which of <see cref="Slices"/> a step runs before its <c>solver_step</c>.</summary>
    /// <param name="isGuided">Whether guidance applies at its level.</param>
    public SliceRange SlicesOf(bool isGuided)
    {
        SliceRange slices = _session.SlicesOf(isGuided);
        return new SliceRange(slices.First + StartSlice + 1, slices.End + StartSlice + 1);
    }

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
    public bool AdvanceSlice() => TryAdvance(NoSpan);

    /// <summary>Does all slices of <see cref="NextSpan"/>, or the next slice where there is none.</summary>
    /// <returns>As <see cref="AdvanceSlice"/>.</returns>
    public bool AdvanceSpan() => TryAdvance(NextSpan);

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

    /// <summary>The next slice whose time on a device beside the host has become known; polls.</summary>
    /// <param name="slice">Its index in <see cref="Slices"/>.</param>
    /// <param name="cost">What it took there.</param>
    /// <returns>False when there is none.</returns>
    public bool TryReadCost(out int slice, out TimeSpan cost)
    {
        bool isKnown = _session.TryReadCost(out slice, out cost);
        slice++;
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
        _settings = Checked(settings ?? _settings);
        _steps.Begin(_settings);
        _slice = StartSlice;
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

        _settings = _settings with
        {
            ClassLabel = settings.ClassLabel,
            SecondLabel = settings.SecondLabel,
            SecondWeight = settings.SecondWeight,
            SecondMask = settings.SecondMask,
            Colours = settings.Colours,
            GuidanceScale = settings.GuidanceScale,
            GuidanceInterval = settings.GuidanceInterval,
            ClampLimit = settings.ClampLimit,
            ThresholdRatio = settings.ThresholdRatio,
            Noise = settings.Noise,
        };

        // The evaluation under way is of the old class.
        _hasNewMask = true;
        _steps.CountGuided(_settings);
        if (_slice > StartSlice)
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

    private bool Advance(int span)
    {
        if (_slice == StartSlice)
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

        if (_slice < _slices.Length - 1)
        {
            bool isReady = _session.IsReady(_slice - 1);
            Status = isReady ? ChainStatus.Running : ChainStatus.Waiting;
            if (!isReady)
            {
                return false;
            }

            if (_slice == _evaluated.First)
            {
                if (_hasNewMask)
                {
                    SetClassMask();
                }

                _session.BeginEvaluation(_settings.EvaluationAt(Level, _steps.Next));
            }

            if (span < 0)
            {
                _session.RunSlice(_slice - 1);
                _slice++;
            }
            else
            {
                _session.RunSpan(span);
                _slice += Spans[span].Count;
            }

            if (_slice == _evaluated.End)
            {
                _slice = _slices.Length - 1;
            }

            return true;
        }

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

    private static ChainSettings Checked(ChainSettings settings)
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
