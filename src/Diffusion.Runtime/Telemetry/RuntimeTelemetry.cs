using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Chains;

namespace Diffusion.Runtime.Telemetry;

/// <summary>What a runtime tells of its work: to the meter, the event source and a trace.</summary>
/// <remarks>
/// Who listens is asked once a tick; where no one does, a slice costs one test. Allocates when a texture is submitted,
/// never in a tick. One thread, the runtime's.
/// </remarks>
internal sealed class RuntimeTelemetry
{
    private const string Process = "diffusion";

    private readonly RuntimeEventSource _events = RuntimeEventSource.Log;
    private readonly RuntimeTrace? _trace;
    private bool _isActive;
    private bool _hasEvents;
    private bool _hasMeter;
    private long _tick;

    public RuntimeTelemetry(RuntimeOptions options)
    {
        if (options.Trace is { } recorder)
        {
            _trace = ReferenceEquals(recorder.Clock, options.Clock)
                ? new RuntimeTrace(recorder, Process)
                : throw new ArgumentException("Trace must have the runtime's own clock, Clock.", nameof(options));
        }
    }

    /// <summary>A texture was submitted, or a place was given another request.</summary>
    public void TextureSubmitted(TextureHandle texture, DiffusionChain chain)
    {
        RuntimeMeter.AddRunning(1);
        _trace?.Prepare(texture.Index, chain.Slices, chain.Spans);
        if (_events.IsEnabled())
        {
            _events.TextureSubmitted(
                texture.Index, texture.Generation, chain.Samples.Width, chain.Samples.Height, chain.StepCount);
        }
    }

    /// <summary>A texture was cancelled, released or replaced: told if it was unfinished until then.</summary>
    public void TextureDropped(TextureHandle texture, ChainStatus before)
    {
        if (before is ChainStatus.Running or ChainStatus.Waiting or ChainStatus.Paused)
        {
            RuntimeMeter.AddRunning(-1);
            _trace?.Drop(texture.Index);
            if (_events.IsEnabled())
            {
                _events.TextureCancelled(texture.Index, texture.Generation);
            }
        }
    }

    /// <summary>Wraps a step's receiver, so that the hand-over is a span.</summary>
    public StepCompletedHandler? HandOver(TextureHandle texture, StepCompletedHandler? handler) =>
        handler is null ? null : _trace?.HandOver(texture.Index, handler) ?? handler;

    public void TickBegins(long tick, TimeSpan budget)
    {
        _tick = tick;
        _hasEvents = _events.IsEnabled();
        _hasMeter = RuntimeMeter.IsEnabled;
        _isActive = _hasEvents || _hasMeter || _trace is not null;
        if (_hasEvents)
        {
            _events.TickStart(tick, budget.TotalMilliseconds);
        }

        _trace?.TickBegins();
    }

    public void SliceBegins(TextureHandle texture, DiffusionChain chain, TimeSpan predicted)
    {
        if (!_isActive)
        {
            return;
        }

        if (_hasEvents)
        {
            _events.SliceStart(texture.Index, chain.Step, chain.NextSliceIndex, predicted.TotalMilliseconds);
        }

        _trace?.SliceBegins(texture.Index);
    }

    /// <summary>A slice ended.</summary>
    /// <param name="texture">Whose.</param>
    /// <param name="chain">Its chain, after the slice.</param>
    /// <param name="slice">Which slice, or which span, counted on behind them.</param>
    /// <param name="step">Steps that were finished before it.</param>
    /// <param name="predicted">What it was predicted to take.</param>
    /// <param name="taken">What it took.</param>
    /// <param name="ran">Whether it did anything; false when readers hold the ring.</param>
    public void SliceEnds(
        TextureHandle texture, DiffusionChain chain, int slice, int step, TimeSpan predicted, TimeSpan taken, bool ran)
    {
        if (chain.Status is ChainStatus.Completed or ChainStatus.Failed)
        {
            RuntimeMeter.AddRunning(-1);
        }

        if (!_isActive)
        {
            return;
        }

        _trace?.SliceEnds(texture.Index, slice, step, predicted, chain.Step > step);
        if (_hasEvents)
        {
            _events.SliceStop(texture.Index, step, slice, taken.TotalMilliseconds, ran);
            TellSteps(texture, chain, step);
        }

        if (_hasMeter && ran)
        {
            Measure(chain, slice, step, taken);
        }
    }

    public void TickEnds(in TickReport report)
    {
        _trace?.TickEnds(report);
        if (_hasEvents)
        {
            _events.TickStop(
                _tick,
                report.Taken.TotalMilliseconds,
                report.PredictedCost.TotalMilliseconds,
                report.SlicesRun,
                report.Forced);
        }

        if (_hasMeter)
        {
            RuntimeMeter.TickDuration.Record(report.Taken.TotalSeconds);
            if (report.Overrun > TimeSpan.Zero)
            {
                RuntimeMeter.TickOverrun.Record(report.Overrun.TotalSeconds);
            }
        }
    }

    private void TellSteps(TextureHandle texture, DiffusionChain chain, int step)
    {
        if (chain.Step > step)
        {
            _events.StepCompleted(texture.Index, chain.Step, chain.StepCount);
        }

        if (chain.Status == ChainStatus.Completed)
        {
            _events.TextureCompleted(texture.Index, texture.Generation);
        }
        else if (chain.Status == ChainStatus.Failed)
        {
            _events.TextureFailed(texture.Index, texture.Generation, chain.Failure?.Message ?? "");
        }
    }

    private static string NameOf(DiffusionChain chain, int slice) => slice < chain.Slices.Count
        ? chain.Slices[slice].Name
        : chain.Spans[slice - chain.Slices.Count].Name;

    private static void Measure(DiffusionChain chain, int slice, int step, TimeSpan taken)
    {
        if (chain.Status == ChainStatus.Failed)
        {
            RuntimeMeter.TexturesFailed.Add(1);
            return;
        }

        RuntimeMeter.SliceDuration.Record(
            taken.TotalSeconds, new KeyValuePair<string, object?>("diffusion.slice", NameOf(chain, slice)));
        if (chain.Step > step)
        {
            RuntimeMeter.Steps.Add(chain.Step - step);
        }

        if (chain.Status == ChainStatus.Completed)
        {
            RuntimeMeter.TexturesCompleted.Add(1);
        }
    }
}
