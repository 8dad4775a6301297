using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Chains;

namespace Diffusion.Runtime.Telemetry;

/// <summary>A runtime's part of a trace: ticks with slices and hand-overs, steps by texture, the budget.</summary>
/// <remarks>
/// Ticks, slices and hand-overs nest on one track. A step spans many ticks and other textures' work, so each texture
/// has a track of its own for them.
/// </remarks>
internal sealed class RuntimeTrace
{
    private readonly TraceRecorder _recorder;
    private readonly string _process;
    private readonly TraceTrack _ticks;
    private readonly TraceName _tick;
    private readonly TraceName _step;
    private readonly TraceName _handOver;
    private readonly TraceName _budget;
    private readonly TraceName _predicted;
    private readonly List<Place> _places = [];
    private long _tickStart;
    private long _sliceStart;

    public RuntimeTrace(TraceRecorder recorder, string process)
    {
        _recorder = recorder;
        _process = process;
        _ticks = recorder.AddTrack(process, "ticks");
        _tick = recorder.AddName("tick");
        _step = recorder.AddName("step");
        _handOver = recorder.AddName("hand-over");
        _budget = recorder.AddName("budget (ms)");
        _predicted = recorder.AddName("predicted cost (ms)");
    }

    /// <summary>Names a texture's slices and its track; allocates.</summary>
    public void Prepare(int texture, IReadOnlyList<SliceInfo> slices, IReadOnlyList<SliceSpan> spans)
    {
        while (_places.Count <= texture)
        {
            _places.Add(new Place(_recorder.AddTrack(_process, $"texture {_places.Count}")));
        }

        _places[texture].Slices =
        [
            .. slices.Select(slice => _recorder.AddName(slice.Name)),
            .. spans.Select(span => _recorder.AddName(span.Name)),
        ];
        _places[texture].HasStep = false;
    }

    /// <summary>Forgets a texture's unfinished step.</summary>
    public void Drop(int texture) => _places[texture].HasStep = false;

    public StepCompletedHandler HandOver(int texture, StepCompletedHandler handler) => (in StepResult result) =>
    {
        long start = _recorder.Now;
        handler(result);
        _recorder.Span(_ticks, _handOver, start, TraceDetails.None with { Texture = texture, Step = result.Step });
    };

    public void TickBegins() => _tickStart = _recorder.Now;

    public void SliceBegins(int texture)
    {
        _sliceStart = _recorder.Now;
        Place place = _places[texture];
        if (!place.HasStep)
        {
            place.HasStep = true;
            place.StepStart = _sliceStart;
        }
    }

    public void SliceEnds(int texture, int slice, int step, TimeSpan predicted, bool endsStep)
    {
        Place place = _places[texture];
        _recorder.Span(_ticks, place.Slices[slice], _sliceStart, new TraceDetails(texture, step, predicted));
        if (endsStep)
        {
            _recorder.Span(place.Track, _step, place.StepStart, TraceDetails.None with { Step = step });
            place.HasStep = false;
        }
    }

    public void TickEnds(in TickReport report)
    {
        _recorder.Span(_ticks, _tick, _tickStart);
        _recorder.Counter(_ticks, _budget, _tickStart, report.Budget.TotalMilliseconds);
        _recorder.Counter(_ticks, _predicted, _tickStart, report.PredictedCost.TotalMilliseconds);
    }

    private sealed class Place(TraceTrack track)
    {
        public readonly TraceTrack Track = track;
        public TraceName[] Slices = [];
        public long StepStart;
        public bool HasStep;
    }
}
