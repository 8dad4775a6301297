using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Runtime.Threading;

/// <content>What the thread does, and the textures as it publishes them.</content>
public sealed partial class RuntimeThread
{
    private void Live(Func<DiffusionRuntime> create)
    {
        DiffusionRuntime runtime;
        try
        {
            runtime = create();
        }
        catch (Exception failure)
        {
            _created.SetException(failure);
            return;
        }

        _created.SetResult(runtime);
        while (!Volatile.Read(ref _isEnding))
        {
            _wake.WaitOne();
            Obey(runtime);
            Tick(runtime);
        }

        runtime.Dispose();
        lock (_gate)
        {
            foreach (Command command in _commands)
            {
                command.Done.SetException(new ObjectDisposedException(nameof(RuntimeThread)));
            }

            _commands.Clear();
        }
    }

    private void Obey(DiffusionRuntime runtime)
    {
        while (!Volatile.Read(ref _isEnding) && TryTakeCommand(out Command command))
        {
            Exception? failure = null;
            try
            {
                command.Work(runtime);
            }
            catch (Exception error)
            {
                failure = error;
            }

            // Whoever waits for the verb sees what it did.
            Publish(runtime);
            if (failure is null)
            {
                command.Done.SetResult();
            }
            else
            {
                command.Done.SetException(failure);
            }
        }
    }

    private bool TryTakeCommand(out Command command)
    {
        lock (_gate)
        {
            return _commands.TryDequeue(out command);
        }
    }

    private void Tick(DiffusionRuntime runtime)
    {
        TimeSpan? budget;
        lock (_gate)
        {
            budget = _isEnding ? null : _budget;
        }

        if (budget is null)
        {
            return;
        }

        TickReport report = default;
        Exception? failure = null;
        try
        {
            report = runtime.Tick(budget.Value);
        }
        catch (Exception error)
        {
            failure = error;
        }

        Publish(runtime);
        lock (_gate)
        {
            _failure = failure;
            _lastTick = report;
            _ticksCompleted++;
            _budget = null;
        }
    }

    private void Publish(DiffusionRuntime runtime)
    {
        lock (_gate)
        {
            foreach (Place place in _places)
            {
                if (place.Inner != default)
                {
                    place.Progress = runtime.GetProgress(place.Inner);
                    place.Samples = runtime.GetSamples(place.Inner);
                }
            }
        }
    }

    private void Begin(DiffusionRuntime runtime, Place place, TextureRequest request)
    {
        try
        {
            place.Inner = runtime.Submit(request);
        }
        catch (Exception failure)
        {
            lock (_gate)
            {
                place.Fail(failure);
            }
        }
    }

    private void Free(DiffusionRuntime runtime, Place place)
    {
        if (place.Inner != default)
        {
            runtime.Release(place.Inner);
        }

        lock (_gate)
        {
            place.Leave();
        }
    }

    private readonly record struct Command(Action<DiffusionRuntime> Work, TaskCompletionSource Done);

    /// <summary>A texture as other threads see it; all but <see cref="Inner"/> within the gate.</summary>
    private sealed class Place
    {
        /// <summary>The handle that was given out.</summary>
        public TextureHandle Handle { get; private set; }

        /// <summary>The runtime's own handle, or default before and after; the runtime's thread alone.</summary>
        public TextureHandle Inner { get; set; }

        public TextureProgress Progress { get; set; }

        public SampleRing? Samples { get; set; }

        /// <summary>Given back, but perhaps not yet freed.</summary>
        public bool IsReleased { get; set; }

        public bool IsFree { get; private set; } = true;

        public void Take(TextureHandle handle, ChainSettings settings)
        {
            Handle = handle;
            IsFree = false;
            IsReleased = false;
            ReadOnlySpan<NoiseLevel> levels = settings.Levels.Span;
            Progress = new TextureProgress(ChainStatus.Running, 0, levels.Length - 1, levels[0], 0, null)
            {
                GuidedStepsLeft = settings.CountGuided(levels[..^1]),
            };
        }

        public void Fail(Exception failure) =>
            Progress = Progress with { Status = ChainStatus.Failed, FailureReason = failure.Message };

        public void Leave()
        {
            Inner = default;
            Samples = null;
            IsFree = true;
        }
    }
}
