using System.Diagnostics.CodeAnalysis;
using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Runtime.Threading;

/// <summary>A <see cref="DiffusionRuntime"/> on a thread of its own, which works while the host draws.</summary>
/// <remarks>
/// <para>Every member is for any thread, and none waits for work, <see cref="Dispose"/> aside: no lock is held while a
/// slice runs. Verbs take effect between two ticks, in the order of their calls; their task ends when one has, or with
/// the reason why it could not. Progress is what it was after the last tick or verb.</para>
/// <para>A host that prefers its own thread uses <see cref="DiffusionRuntime"/> itself. Beginning a tick allocates
/// nothing, nor does the tick; verbs may.</para>
/// </remarks>
/// <example><code>
/// using RuntimeThread runtime = new(() => new DiffusionRuntime(backend, model));
/// TextureHandle texture = runtime.Submit(new TextureRequest { Width = 64, Height = 64, ClassName = "brick" });
/// runtime.BeginTick(TimeSpan.FromMilliseconds(8)); // once a frame, before drawing
/// </code></example>
public sealed partial class RuntimeThread : IDisposable
{
    // A monitor: the first wait for a Lock allocates.
    private readonly object _gate = new();
    private readonly Thread _thread;
    private readonly AutoResetEvent _wake = new(false);
    private readonly Queue<Command> _commands = [];
    private readonly List<Place> _places = [];
    private readonly TaskCompletionSource<DiffusionRuntime> _created = new();
    private TickReport _lastTick;
    private long _ticksCompleted;
    private TimeSpan? _budget;
    private Exception? _failure;
    private bool _isEnding;

    /// <summary>Starts the thread and makes the runtime on it.</summary>
    /// <param name="create">Makes the runtime; called once, on the new thread, which owns and disposes the
    /// result.</param>
    /// <param name="name">The thread's name, for debuggers and profilers.</param>
    /// <remarks>Waits until the runtime is made. What <paramref name="create"/> throws, this throws.</remarks>
    public RuntimeThread(Func<DiffusionRuntime> create, string name = "diffusion")
    {
        ArgumentNullException.ThrowIfNull(create);
        ArgumentException.ThrowIfNullOrEmpty(name);
        _thread = new Thread(() => Live(create)) { Name = name, IsBackground = true };
        _thread.Start();
        try
        {
            Model = _created.Task.GetAwaiter().GetResult().Model;
        }
        catch
        {
            _wake.Dispose();
            throw;
        }
    }

    /// <summary>Classes, prediction type and schedule of the network.</summary>
    public ModelDescription Model { get; }

    /// <summary>Ticks that have ended so far; those of a tick that was begun tell that it has.</summary>
    public long TicksCompleted
    {
        get
        {
            lock (_gate)
            {
                return _ticksCompleted;
            }
        }
    }

    /// <summary>What the last tick that ended promised and took; empty before the first.</summary>
    public TickReport LastTick
    {
        get
        {
            lock (_gate)
            {
                return _lastTick;
            }
        }
    }

    /// <summary>Lets the thread work for a frame; returns at once. See <see cref="DiffusionRuntime.Tick"/>.</summary>
    /// <param name="budget">The thread's time for this frame; zero does nothing.</param>
    /// <returns>False if the last tick is still under way: then this one is left out, and none is owed.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The budget is negative.</exception>
    /// <exception cref="InvalidOperationException">A tick failed as a whole; the inner exception says why.</exception>
    public bool BeginTick(TimeSpan budget)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(budget, TimeSpan.Zero);
        lock (_gate)
        {
            ThrowIfEnded();
            if (_budget is not null)
            {
                return false;
            }

            _budget = budget;
            _wake.Set();
            return true;
        }
    }

    /// <summary>Begins a texture. See <see cref="DiffusionRuntime.Submit"/>.</summary>
    /// <param name="request">What to generate; its image must not change until the first of the texture is out.</param>
    /// <returns>Its handle, at once. A backend that cannot make room for it makes it
    /// <see cref="ChainStatus.Failed"/>.</returns>
    /// <exception cref="ArgumentException">The request breaks a rule, which the message names; nothing
    /// changed.</exception>
    public TextureHandle Submit(TextureRequest request)
    {
        ChainSettings settings = Runtime.Check(request);
        lock (_gate)
        {
            ThrowIfEnded();
            int index = _places.FindIndex(place => place.IsFree);
            if (index < 0)
            {
                index = _places.Count;
                _places.Add(new Place());
            }

            Place place = _places[index];
            place.Take(new TextureHandle(index, place.Handle.Generation + 1), settings);
            Enqueue(runtime => Begin(runtime, place, request));
            return place.Handle;
        }
    }

    /// <summary>How far the texture is. Allocates nothing.</summary>
    /// <exception cref="ArgumentException">The handle names no texture.</exception>
    public TextureProgress GetProgress(TextureHandle handle)
    {
        lock (_gate)
        {
            return Find(handle).Progress;
        }
    }

    /// <summary>The ring that a renderer reads it from; see <see cref="DiffusionRuntime.GetSamples"/>.</summary>
    /// <param name="handle">The texture.</param>
    /// <param name="samples">The ring.</param>
    /// <returns>False until the thread has made it, and for a texture that it could not make.</returns>
    /// <exception cref="ArgumentException">The handle names no texture.</exception>
    public bool TryGetSamples(TextureHandle handle, [NotNullWhen(true)] out SampleRing? samples)
    {
        lock (_gate)
        {
            samples = Find(handle).Samples;
            return samples is not null;
        }
    }

    /// <summary>Calls <paramref name="handler"/> on the runtime's thread at the end of each of the texture's steps.
    /// </summary>
    /// <inheritdoc cref="Pause"/>
    public Task OnStepCompleted(TextureHandle handle, StepCompletedHandler? handler) =>
        Tell(handle, (runtime, texture) => runtime.OnStepCompleted(texture, handler));

    /// <summary>Stops a texture where it stands.</summary>
    /// <returns>Ends when the verb has taken effect.</returns>
    /// <exception cref="ArgumentException">The handle names no texture.</exception>
    public Task Pause(TextureHandle handle) => Tell(handle, (runtime, texture) => runtime.Pause(texture));

    /// <summary>Lets a paused texture go on.</summary>
    /// <inheritdoc cref="Pause"/>
    public Task Resume(TextureHandle handle) => Tell(handle, (runtime, texture) => runtime.Resume(texture));

    /// <summary>Ends a texture; its last image stays readable until <see cref="Release"/>.</summary>
    /// <inheritdoc cref="Pause"/>
    public Task Cancel(TextureHandle handle) => Tell(handle, (runtime, texture) => runtime.Cancel(texture));

    /// <summary>Generates something else in the texture's place. See <see cref="DiffusionRuntime.Restart"/>, also for
    /// what readers owe a request of another shape.</summary>
    /// <returns>Ends when the verb has taken effect; then <see cref="TryGetSamples"/> gives the ring.</returns>
    /// <exception cref="ArgumentException">The handle names no texture, or the request breaks a rule; nothing
    /// changed.</exception>
    public Task Restart(TextureHandle handle, TextureRequest request)
    {
        Runtime.Check(request);
        return Tell(handle, (runtime, texture) => runtime.Restart(texture, request));
    }

    /// <summary>Turns a texture into another from where it stands: <see cref="DiffusionRuntime.Retarget"/>.</summary>
    /// <returns>Ends when the verb has taken effect, or with the rule that it breaks.</returns>
    /// <exception cref="ArgumentException">The handle names no texture, or the request breaks a rule; nothing
    /// changed.</exception>
    public Task Retarget(TextureHandle handle, TextureRequest request)
    {
        Runtime.Check(request);
        return Tell(handle, (runtime, texture) => runtime.Retarget(texture, request));
    }

    /// <summary>Changes how many steps are left. See <see cref="DiffusionRuntime.ChangeSteps"/>.</summary>
    /// <returns>Ends when the verb has taken effect, or with the rule that it breaks.</returns>
    /// <exception cref="ArgumentException">The handle names no texture.</exception>
    public Task ChangeSteps(TextureHandle handle, int stepsLeft) =>
        Tell(handle, (runtime, texture) => runtime.ChangeSteps(texture, stepsLeft));

    /// <summary>Learns costs before the first frame. See <see cref="DiffusionRuntime.WarmUp"/>.</summary>
    /// <returns>Ends when it is done, or with what stopped it.</returns>
    public Task WarmUp(TextureRequest request, CancellationToken cancel = default)
    {
        lock (_gate)
        {
            ThrowIfEnded();
            return Enqueue(runtime => runtime.WarmUp(request, cancel));
        }
    }

    /// <summary>Frees a texture and its ring, which no one may read any more; the handle is void at once.</summary>
    /// <returns>Ends when the memory is free.</returns>
    /// <exception cref="ArgumentException">The handle names no texture.</exception>
    public Task Release(TextureHandle handle)
    {
        lock (_gate)
        {
            ThrowIfEnded();
            Place place = Find(handle);
            place.IsReleased = true;
            return Enqueue(runtime => Free(runtime, place));
        }
    }

    /// <summary>Ends the thread after the slices of the tick under way, and disposes the runtime.</summary>
    /// <remarks>Verbs that have not taken effect end with <see cref="ObjectDisposedException"/>.</remarks>
    /// <exception cref="InvalidOperationException">Called on the runtime's own thread, which cannot wait for itself.
    /// </exception>
    public void Dispose()
    {
        if (Thread.CurrentThread == _thread)
        {
            throw new InvalidOperationException("The runtime's thread cannot dispose itself; leave it to another.");
        }

        lock (_gate)
        {
            if (_isEnding)
            {
                return;
            }

            _isEnding = true;
            _wake.Set();
        }

        _thread.Join();
        _wake.Dispose();
    }

    // Made before the constructor returned.
    private DiffusionRuntime Runtime => _created.Task.Result;

    private Task Tell(TextureHandle handle, Action<DiffusionRuntime, TextureHandle> verb)
    {
        lock (_gate)
        {
            ThrowIfEnded();
            Place place = Find(handle);
            return Enqueue(runtime => verb(runtime, place.Inner != default
                ? place.Inner
                : throw new InvalidOperationException(
                    $"{handle} was never begun: {place.Progress.FailureReason}")));
        }
    }

    // Within the gate.
    private Task Enqueue(Action<DiffusionRuntime> work)
    {
        Command command = new(work, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _commands.Enqueue(command);
        _wake.Set();
        return command.Done.Task;
    }

    private Place Find(TextureHandle handle)
    {
        bool isKnown = (uint)handle.Index < (uint)_places.Count
            && _places[handle.Index] is { IsFree: false, IsReleased: false } place && place.Handle == handle;
        return isKnown
            ? _places[handle.Index]
            : throw new ArgumentException(
                $"{handle} names no texture; it was released or never submitted.", nameof(handle));
    }

    private void ThrowIfEnded()
    {
        ObjectDisposedException.ThrowIf(_isEnding, this);
        if (_failure is { } failure)
        {
            throw new InvalidOperationException($"The runtime's thread has failed: {failure.Message}", failure);
        }
    }
}
