using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Chains;

namespace Diffusion.Runtime;

/// <content>The frame loop.</content>
public sealed partial class DiffusionRuntime
{
    private long _tick;
    private int _ticksWithoutProgress;

    // Where the fair share stands: new textures begin there, not at nothing, or they would starve older ones.
    private double _secondsServed;

    /// <summary>Works on the textures for as long as the next slice is expected to fit the budget.</summary>
    /// <remarks>
    /// Call it once a frame. Time goes to the highest priority, within it to the earliest deadline, within that to the
    /// texture that has had the least; where that one's next slice does not fit what is left, to the next whose slice
    /// does. An eighth of the time is kept for textures that have not finished a step for 30 ticks, the one that waits
    /// for longest first. A slice that was predicted not to fit is begun only on a tick that would else be empty, or
    /// for a texture that has had no slice for 30 ticks, and only if <see cref="RuntimeOptions.Progress"/> says so; the
    /// report tells. Allocates nothing but what the backend does, or a failure's exception. A failing texture
    /// fails alone. Slices that a device runs beside the host count with what they are predicted to take there, and are
    /// learned from when the device has done them; no tick waits for it. Slices that the backend runs also several at
    /// once (<see cref="Backends.IDenoiserSession.Spans"/>) are run so where that is expected to fit; results are the
    /// same.
    /// </remarks>
    /// <param name="budget">Time for this frame; zero does nothing.</param>
    /// <returns>What was promised and what it took.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The budget is negative.</exception>
    public TickReport Tick(TimeSpan budget)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ArgumentOutOfRangeException.ThrowIfLessThan(budget, TimeSpan.Zero);
        _telemetry.TickBegins(++_tick, budget);
        FrameBudget frame = new(_options.Clock, budget);
        TickReport report = new() { Budget = budget };
        KeepDeadlines(budget);
        LearnDeviceCosts();
        while (true)
        {
            Entry? fitting = PickFairest(
                frame.Remaining - report.SubmittedCost, opensTick: report.SlicesRun == 0, out Entry? fairest);
            bool isForced = report.SlicesRun == 0 && ShouldForce(fairest, fitting, budget);
            Entry? next = isForced ? fairest : fitting;
            if (next is null)
            {
                return Finish(report, frame, fairest);
            }

            report = report with { Forced = report.Forced || isForced };
            Run(next, frame, ref report);
        }
    }

    // What the device has finished since the last tick.
    private void LearnDeviceCosts()
    {
        foreach (Entry entry in _entries)
        {
            while (entry.Chain is { } chain && chain.TryReadCost(out int slice, out TimeSpan cost))
            {
                entry.Costs!.Record(slice, cost);
            }
        }
    }

    /// <summary>The fairest texture whose next slice fits, and the fairest of all.</summary>
    private Entry? PickFairest(TimeSpan remaining, bool opensTick, out Entry? fairest)
    {
        fairest = null;
        foreach (Entry entry in _entries)
        {
            if (CanRun(entry) && IsFairer(entry, fairest))
            {
                fairest = entry;
            }
        }

        if (fairest is null || Predict(fairest, opensTick) <= remaining)
        {
            return fairest;
        }

        Entry? fitting = null;
        foreach (Entry entry in _entries)
        {
            if (CanRun(entry) && IsFairer(entry, fitting) && Predict(entry, opensTick) <= remaining)
            {
                fitting = entry;
            }
        }

        return fitting;
    }

    private bool CanRun(Entry entry) => entry.Chain is { IsRunnable: true } && entry.BlockedInTick != _tick;

    private static TimeSpan Predict(Entry entry, bool opensTick) =>
        Predict(entry, entry.Chain!.NextSliceIndex, opensTick);

    // A device that works beside the host does not notice where a tick begins.
    private static TimeSpan Predict(Entry entry, int index, bool opensTick) =>
        entry.Costs!.Predict(index, opensTick && !entry.Chain!.IsNextSliceBesideTheHost);

    // Whether the texture whose turn it is gets a slice that does not fit, on a tick that has run none.
    private bool ShouldForce(Entry? fairest, Entry? fitting, TimeSpan budget)
    {
        int frames = _options.Progress.Frames;
        if (fairest is null || fairest == fitting || frames == 0 || budget == TimeSpan.Zero)
        {
            return false;
        }

        return fitting is null
            ? _ticksWithoutProgress >= frames - 1
            : _tick - fairest.LastTick >= Math.Max(PatienceInTicks, frames);
    }

    private void Run(Entry entry, in FrameBudget frame, ref TickReport report)
    {
        DiffusionChain chain = entry.Chain!;
        int step = chain.Step;
        bool isBesideTheHost = chain.IsNextSliceBesideTheHost;
        bool opensTick = report.SlicesRun == 0;
        int slice = chain.NextSliceIndex;
        int count = 1;
        TimeSpan predicted = Predict(entry, opensTick);
        int next = chain.NextSpan;
        if (next >= 0)
        {
            int span = entry.Costs!.IndexOfSpan(next);
            TimeSpan all = Predict(entry, span, opensTick);
            if (all <= frame.Remaining - report.SubmittedCost)
            {
                (slice, count, predicted) = (span, chain.Spans[next].Count, all);
            }
        }

        _telemetry.SliceBegins(entry.Handle, chain, predicted);
        TimeSpan begun = frame.Elapsed;
        bool ran = count > 1 ? chain.AdvanceSpan() : chain.AdvanceSlice();
        TimeSpan taken = frame.Elapsed - begun;
        _telemetry.SliceEnds(entry.Handle, chain, slice, step, predicted, taken, ran);
        if (!ran)
        {
            // Readers hold its ring, or its device is not done: not again in this tick.
            entry.BlockedInTick = _tick;
            return;
        }

        TimeSpan cost = isBesideTheHost ? predicted : taken;
        Credit(IsOverdue(entry), cost.TotalSeconds);
        entry.Serve(cost.TotalSeconds, isStepEnd: chain.Step != step, _tick);
        _secondsServed = Math.Max(_secondsServed, entry.SecondsServed);
        if (chain.Status != ChainStatus.Failed && !isBesideTheHost)
        {
            entry.Costs!.Record(slice, taken, opensTick);
        }

        report = report with
        {
            PredictedCost = report.PredictedCost + predicted,
            SubmittedCost = report.SubmittedCost + (isBesideTheHost ? predicted : TimeSpan.Zero),
            SlicesRun = report.SlicesRun + count,
            StepsCompleted = report.StepsCompleted + chain.Step - step,
            TexturesCompleted = report.TexturesCompleted + (chain.Status == ChainStatus.Completed ? 1 : 0),
            TexturesFailed = report.TexturesFailed + (chain.Status == ChainStatus.Failed ? 1 : 0),
        };
    }

    private TickReport Finish(in TickReport report, in FrameBudget frame, Entry? next)
    {
        TimeSpan nextCost = next is null ? TimeSpan.Zero : Predict(next, report.SlicesRun == 0);
        TickStop stop = TickStop.Idle;
        if (next is not null)
        {
            stop = nextCost > report.Budget ? TickStop.SliceExceedsBudget : TickStop.BudgetSpent;
        }
        else if (IsAnyWaiting())
        {
            stop = TickStop.WaitingForReaders;
        }

        // A tick without time says nothing about whether work fits.
        if (report.SlicesRun > 0 || next is null)
        {
            _ticksWithoutProgress = 0;
        }
        else if (report.Budget > TimeSpan.Zero)
        {
            _ticksWithoutProgress++;
        }

        TickReport done = report with { Taken = frame.Elapsed, NextPredictedCost = nextCost, Stop = stop };
        if (stop == TickStop.BudgetSpent)
        {
            if (!done.Forced && done.SubmittedCost == TimeSpan.Zero)
            {
                _costs.AddTick(done.Overrun > TimeSpan.Zero);
            }

            LearnCapacity(Math.Min((done.Taken + done.SubmittedCost).TotalSeconds, done.Budget.TotalSeconds));
        }

        _telemetry.TickEnds(done);
        return done;
    }

    private bool IsAnyWaiting()
    {
        foreach (Entry entry in _entries)
        {
            if (entry.Chain?.Status == ChainStatus.Waiting)
            {
                return true;
            }
        }

        return false;
    }
}
