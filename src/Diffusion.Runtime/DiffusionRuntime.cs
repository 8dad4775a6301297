using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Telemetry;

namespace Diffusion.Runtime;

/// <summary>
/// Generates textures while an engine renders: submit requests, tick once a frame with a budget, read the images.
/// </summary>
/// <remarks>
/// All members belong to one thread, the host's; readers on other threads use the <see cref="SampleRing"/> only, and
/// <see cref="Threading.RuntimeThread"/> lends it a thread of its own and takes requests from any. Owns the sessions
/// and rings that it makes, not the backend, which must outlive it. <see cref="Tick"/> allocates nothing; the other
/// verbs may.
/// </remarks>
public sealed partial class DiffusionRuntime : IDisposable
{
    private readonly IDenoiserBackend _backend;
    private readonly TextureRequestResolver _resolver;
    private readonly RuntimeOptions _options;
    private readonly CostModel _costs;
    private readonly RuntimeTelemetry _telemetry;
    private readonly List<Entry> _entries = [];
    private bool _isDisposed;

    /// <summary>Makes a runtime without textures.</summary>
    /// <param name="backend">The network on its device; borrowed.</param>
    /// <param name="model">Classes, prediction type and schedule of the network.</param>
    /// <param name="options">How time is spent, or null for the defaults.</param>
    /// <exception cref="ArgumentException">An option breaks its rule.</exception>
    public DiffusionRuntime(IDenoiserBackend backend, ModelDescription model, RuntimeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentNullException.ThrowIfNull(model);
        _options = options ?? new RuntimeOptions();
        ArgumentNullException.ThrowIfNull(_options.Clock, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(_options.NoiseThreads, nameof(options));
        _backend = backend;
        _costs = new CostModel(_options.CostQuantile, _options.OverrunShare);
        _telemetry = new RuntimeTelemetry(_options);
        _resolver = new TextureRequestResolver(backend.Config, model, _options.NoiseThreads);
        Model = model;
    }

    /// <summary>Classes, prediction type and schedule of the network.</summary>
    public ModelDescription Model { get; }

    /// <summary>Begins a texture; its first work is done by the next <see cref="Tick"/>.</summary>
    /// <param name="request">What to generate.</param>
    /// <returns>The texture's handle, valid until <see cref="Release"/>.</returns>
    /// <exception cref="ArgumentException">The request breaks a rule, which the message names; nothing
    /// changed.</exception>
    public TextureHandle Submit(TextureRequest request)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        (SessionOptions shape, ChainSettings settings) = _resolver.Resolve(request);
        DiffusionChain chain = CreateChain(shape, settings);
        int index = _entries.FindIndex(entry => entry.Chain is null);
        if (index < 0)
        {
            index = _entries.Count;
            _entries.Add(new Entry());
            _inOrder.EnsureCapacity(_entries.Count);
        }

        Entry place = _entries[index];
        place.Handle = new TextureHandle(index, place.Handle.Generation + 1);
        place.Occupy(chain, shape, _costs.ForShape(shape, chain.Slices, chain.Spans));
        place.Request(request, _tick);
        place.SecondsServed = _secondsServed;
        ChooseSteps(place, request);
        _telemetry.TextureSubmitted(place.Handle, chain);
        return place.Handle;
    }

    /// <summary>
    /// The ring that a renderer reads the texture from. It stays the same until <see cref="Release"/>, or a
    /// <see cref="Restart"/> that changes size, seamlessness, or whether guidance or a second class is used.
    /// </summary>
    /// <exception cref="ArgumentException">The handle names no texture.</exception>
    public SampleRing GetSamples(TextureHandle handle) => Find(handle).Samples;

    /// <summary>How far the texture is. Allocates nothing.</summary>
    /// <exception cref="ArgumentException">The handle names no texture.</exception>
    public TextureProgress GetProgress(TextureHandle handle)
    {
        DiffusionChain chain = Find(handle);
        return new TextureProgress(
            chain.Status,
            chain.Step,
            chain.StepCount,
            chain.Level,
            chain.Samples.LatestInfo.Generation,
            chain.Failure?.Message)
        {
            GuidedStepsLeft = chain.GuidedStepsLeft,
        };
    }

    /// <summary>
    /// Calls <paramref name="handler"/>, within <see cref="Tick"/>, at the end of each of the texture's steps.
    /// </summary>
    /// <param name="handle">The texture.</param>
    /// <param name="handler">The receiver, or null for none.</param>
    /// <exception cref="ArgumentException">The handle names no texture.</exception>
    public void OnStepCompleted(TextureHandle handle, StepCompletedHandler? handler) =>
        Find(handle).StepCompleted = _telemetry.HandOver(handle, handler);

    /// <summary>Stops a texture where it stands, between two slices.</summary>
    /// <exception cref="ArgumentException">The handle names no texture.</exception>
    public void Pause(TextureHandle handle) => Find(handle).Pause();

    /// <summary>Lets a paused texture go on.</summary>
    /// <exception cref="ArgumentException">The handle names no texture.</exception>
    public void Resume(TextureHandle handle) => Find(handle).Resume();

    /// <summary>Ends a texture; its last image stays readable until <see cref="Release"/>.</summary>
    /// <exception cref="ArgumentException">The handle names no texture.</exception>
    public void Cancel(TextureHandle handle)
    {
        DiffusionChain chain = Find(handle);
        _telemetry.TextureDropped(handle, chain.Status);
        chain.Cancel();
    }

    /// <summary>Generates something else in the texture's place.</summary>
    /// <remarks>
    /// The old image stays readable until the new noise replaces it. A request of another shape (see
    /// <see cref="GetSamples"/>) frees the ring: whoever reads it must have let go before.
    /// </remarks>
    /// <param name="handle">The texture.</param>
    /// <param name="request">What to generate from now on.</param>
    /// <exception cref="ArgumentException">The handle names no texture, or the request breaks a rule; nothing
    /// changed.</exception>
    public void Restart(TextureHandle handle, TextureRequest request)
    {
        DiffusionChain chain = Find(handle);
        (SessionOptions shape, ChainSettings settings) = _resolver.Resolve(request);
        Entry entry = _entries[handle.Index];
        if (shape == entry.Shape)
        {
            ChainStatus before = chain.Status;
            chain.Restart(settings);
            entry.Request(request, _tick);
            ChooseSteps(entry, request);
            _telemetry.TextureDropped(handle, before);
            _telemetry.TextureSubmitted(handle, chain);
            return;
        }

        DiffusionChain successor = CreateChain(shape, settings);
        successor.StepCompleted = chain.StepCompleted;
        _telemetry.TextureDropped(handle, chain.Status);
        chain.Dispose();
        entry.Occupy(successor, shape, _costs.ForShape(shape, successor.Slices, successor.Spans));
        entry.Request(request, _tick);
        ChooseSteps(entry, request);
        _telemetry.TextureSubmitted(handle, successor);
    }

    /// <summary>
    /// Whether a restart with <paramref name="request"/> keeps the texture's ring, so that readers need not let go.
    /// </summary>
    /// <exception cref="ArgumentException">The handle names no texture, or the request breaks a rule.</exception>
    public bool KeepsSamples(TextureHandle handle, TextureRequest request)
    {
        Find(handle);
        return _resolver.Resolve(request).Shape == _entries[handle.Index].Shape;
    }

    /// <summary>Frees a texture and its ring, which no one may read any more.</summary>
    /// <exception cref="ArgumentException">The handle names no texture.</exception>
    public void Release(TextureHandle handle)
    {
        DiffusionChain chain = Find(handle);
        _telemetry.TextureDropped(handle, chain.Status);
        chain.Dispose();
        _entries[handle.Index].Chain = null;
    }

    /// <summary>Frees every texture and ring; the backend stays.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        foreach (Entry entry in _entries)
        {
            if (entry.Chain is { } chain)
            {
                _telemetry.TextureDropped(entry.Handle, chain.Status);
                chain.Dispose();
            }
        }

        _entries.Clear();
    }

    /// <summary>What a request would compute; any thread, for it changes nothing.</summary>
    /// <exception cref="ArgumentException">The request breaks a rule.</exception>
    internal ChainSettings Check(TextureRequest request) => _resolver.Resolve(request).Settings;

    private DiffusionChain CreateChain(SessionOptions shape, ChainSettings settings)
    {
        IDenoiserSession session = _backend.CreateSession(shape);
        try
        {
            return new DiffusionChain(session, settings);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private DiffusionChain Find(TextureHandle handle)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        bool isKnown =
            (uint)handle.Index < (uint)_entries.Count && _entries[handle.Index].Handle == handle;
        return (isKnown ? _entries[handle.Index].Chain : null)
            ?? throw new ArgumentException(
                $"{handle} names no texture; it was released or never submitted.", nameof(handle));
    }

    /// <summary>A place in the table of textures.</summary>
    private sealed class Entry
    {
        public TextureHandle Handle;
        public DiffusionChain? Chain;
        public SessionOptions? Shape;
        public SliceCosts? Costs;
        public int Priority;
        public long BlockedInTick;

        /// <summary>The last tick that ran a slice of it, or in which it was asked for.</summary>
        public long LastTick;

        /// <summary>The last tick that finished a step of it, or in which it was asked for.</summary>
        public long LastStepTick;

        /// <summary>Time spent on finished steps; that of the step under way counts when it is finished.</summary>
        public double SecondsServed;

        private double _secondsInStep;

        /// <summary>The last tick by which it is to be complete.</summary>
        public long Deadline = long.MaxValue;

        /// <summary>What its steps left are expected to take, the one under way as if it had not begun; of the present
        /// tick's planning, as what follows.</summary>
        public double SecondsOfSteps;

        /// <summary>What its work left is expected to take.</summary>
        public double SecondsLeft;

        /// <summary>What the work left of those is expected to take that go before it.</summary>
        public double SecondsAhead;

        /// <summary>Whether others have work that does not go before it.</summary>
        public bool IsAnyBehind;

        /// <summary>The least time that a texture of fixed steps behind it has to spare before its deadline.</summary>
        public double LeastSpareBehind;

        public void Occupy(DiffusionChain chain, SessionOptions shape, SliceCosts costs)
        {
            Chain = chain;
            Shape = shape;
            Costs = costs;
            BlockedInTick = 0;
            _secondsInStep = 0;
        }

        public bool HasDeadline => Deadline != long.MaxValue;

        /// <summary>Whether a step is under way: begun, and not finished.</summary>
        public bool IsInStep => _secondsInStep > 0;

        public void Serve(double seconds, bool isStepEnd, long tick)
        {
            LastTick = tick;
            _secondsInStep += seconds;
            if (isStepEnd)
            {
                LastStepTick = tick;
                SecondsServed += _secondsInStep;
                _secondsInStep = 0;
            }
        }

        public void Request(TextureRequest request, long tick)
        {
            Priority = request.Priority;
            Deadline = request.ReadyWithinTicks is { } ticks ? tick + ticks : long.MaxValue;
            LastTick = tick;
            LastStepTick = tick;
        }
    }
}
