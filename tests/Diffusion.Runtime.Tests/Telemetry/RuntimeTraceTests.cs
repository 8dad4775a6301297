using System.Diagnostics.Metrics;
using System.Text.Json;
using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Telemetry;

namespace Diffusion.Runtime.Tests.Telemetry;

[Collection(ProcessTelemetry.Name)]
public sealed class RuntimeTraceTests
{
    private static readonly TextureRequest _request =
        new() { Width = 8, Height = 8, ClassName = "wood", Seed = 3, Steps = 4 };

    [Fact]
    public void Tick_Traced_SlicesNestInTicksAndDoNotOverlap()
    {
        using GaussianBackend backend = new();
        TraceRecorder trace = new(4096, backend.Clock);
        using DiffusionRuntime runtime = Create(backend, trace);
        TextureHandle handle = runtime.Submit(_request);
        runtime.Submit(_request with { Steps = 3 });
        runtime.OnStepCompleted(handle, (in result) => backend.Clock.Advance(TimeSpan.FromMilliseconds(0.25)));
        List<TickReport> ticks = [];
        do
        {
            backend.Clock.Advance(TimeSpan.FromMilliseconds(5));
            ticks.Add(runtime.Tick(TimeSpan.FromMilliseconds(4)));
        }
        while (ticks[^1].Stop != TickStop.Idle);

        JsonElement[] events = Parse(trace);
        JsonElement[] tickSpans = Spans(events, "tick");
        JsonElement[] slices = [.. Spans(events).Where(IsSlice)];
        JsonElement[] handOvers = Spans(events, "hand-over");

        Assert.Equal(ticks.Count, tickSpans.Length);
        Assert.Equal(ticks.Sum(tick => tick.SlicesRun), slices.Length);
        Assert.Equal(2 + (5 * (4 + 3)), slices.Length);
        Assert.Equal(4, handOvers.Length);
        Assert.Equal(ticks.Select(tick => tick.Taken.TotalMicroseconds), tickSpans.Select(span => Number(span, "dur")));
        AssertApart(tickSpans);
        AssertApart(slices);
        Assert.All(slices, slice => Assert.Single(tickSpans, tick => IsWithin(slice, tick)));
        Assert.All(handOvers, span => Assert.Single(slices, slice => IsWithin(span, slice)));
        Assert.All(handOvers, span => Assert.Equal(250, Number(span, "dur")));
    }

    [Fact]
    public void Tick_Traced_StepsFollowOneAnotherOnTheirTexturesTrack()
    {
        using GaussianBackend backend = new();
        TraceRecorder trace = new(4096, backend.Clock);
        using DiffusionRuntime runtime = Create(backend, trace);
        runtime.Submit(_request);
        runtime.Submit(_request with { Steps = 3 });
        while (runtime.Tick(TimeSpan.FromMilliseconds(4)).Stop != TickStop.Idle)
        {
        }

        JsonElement[] steps = Spans(Parse(trace), "step");
        IGrouping<double, JsonElement>[] tracks = [.. steps.GroupBy(step => Number(step, "tid"))];

        Assert.Equal([4, 3], tracks.Select(track => track.Count()).OrderDescending());
        Assert.All(tracks, track => AssertApart([.. track]));
        Assert.All(tracks, track => Assert.Equal(
            Enumerable.Range(0, track.Count()),
            track.Select(step => step.GetProperty("args").GetProperty("step").GetInt32())));
    }

    [Fact]
    public void Tick_Traced_CountsBudgetAndPredictedCost()
    {
        using GaussianBackend backend = new();
        TraceRecorder trace = new(4096, backend.Clock);
        using DiffusionRuntime runtime = Create(backend, trace);
        runtime.Submit(_request);
        TickReport first = runtime.Tick(TimeSpan.FromMilliseconds(3));
        TickReport second = runtime.Tick(TimeSpan.FromMilliseconds(6));

        JsonElement[] events = Parse(trace);

        Assert.Equal([3, 6], Counters(events, "budget (ms)"));
        Assert.Equal(
            [first.PredictedCost.TotalMilliseconds, second.PredictedCost.TotalMilliseconds],
            Counters(events, "predicted cost (ms)"));
        JsonElement[] slices = [.. Spans(events).Where(IsSlice)];
        double predicted = slices.Sum(slice => Number(slice.GetProperty("args"), "predicted_us")) / 1000;
        Assert.Equal((first.PredictedCost + second.PredictedCost).TotalMilliseconds, predicted, 2);
    }

    [Fact]
    public void Tick_TraceAndMeterOn_AllocatesNothing()
    {
        using MeterListener listener = new();
        long measured = 0;
        listener.InstrumentPublished = (instrument, own) => own.EnableMeasurementEvents(instrument);
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => measured++);
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => measured++);
        listener.Start();
        using GaussianBackend backend = new();
        TraceRecorder trace = new(512, backend.Clock);
        using DiffusionRuntime runtime = Create(backend, trace);
        TextureHandle handle = runtime.Submit(_request with { Steps = 1000 });
        runtime.Submit(_request with { Steps = 1000, GuidanceScale = 3 });
        int handedOver = 0;
        runtime.OnStepCompleted(handle, (in result) => handedOver++);
        Run(runtime, 100);

        (long entries, long values) = (trace.Recorded, measured);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(runtime, 1000);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.InRange(trace.Recorded - entries, 4000, long.MaxValue);
        Assert.InRange(measured - values, 4000, long.MaxValue);
        Assert.InRange(handedOver, 300, 1000);

        static void Run(DiffusionRuntime runtime, int ticks)
        {
            for (int i = 0; i < ticks; i++)
            {
                runtime.Tick(TimeSpan.FromMilliseconds(4));
            }
        }
    }

    [Fact]
    public void Runtime_TraceByAnotherClock_IsRefused()
    {
        using GaussianBackend backend = new();
        Assert.Throws<ArgumentException>(() => Create(backend, new TraceRecorder()));
    }

    private static DiffusionRuntime Create(GaussianBackend backend, TraceRecorder trace) =>
        new(backend, GaussianBackend.Model, new RuntimeOptions { Clock = backend.Clock, Trace = trace });

    private static JsonElement[] Parse(TraceRecorder trace)
    {
        using MemoryStream stream = new();
        ChromeTraceWriter.Write(stream, trace);
        using JsonDocument document = JsonDocument.Parse(stream.ToArray());
        return [.. document.RootElement.GetProperty("traceEvents").EnumerateArray().Select(item => item.Clone())];
    }

    private static JsonElement[] Spans(JsonElement[] events, string? name = null) =>
        [.. events.Where(item => Text(item, "ph") == "X" && (name is null || Text(item, "name") == name))];

    private static bool IsSlice(JsonElement span) =>
        Text(span, "name") is "start" or "solver_step"
        || Text(span, "name").StartsWith("slice.", StringComparison.Ordinal);

    private static double[] Counters(JsonElement[] events, string name) =>
        [.. events.Where(item => Text(item, "ph") == "C" && Text(item, "name") == name)
            .Select(item => Number(item.GetProperty("args"), "value"))];

    private static void AssertApart(JsonElement[] spans)
    {
        JsonElement[] ordered = [.. spans.OrderBy(span => Number(span, "ts"))];
        foreach ((JsonElement earlier, JsonElement later) in ordered.Zip(ordered.Skip(1)))
        {
            Assert.True(Number(earlier, "ts") + Number(earlier, "dur") <= Number(later, "ts"), $"{earlier} {later}");
        }
    }

    private static bool IsWithin(JsonElement inner, JsonElement outer) =>
        Number(inner, "tid") == Number(outer, "tid")
        && Number(inner, "ts") >= Number(outer, "ts")
        && Number(inner, "ts") + Number(inner, "dur") <= Number(outer, "ts") + Number(outer, "dur");

    private static double Number(JsonElement item, string key) => item.GetProperty(key).GetDouble();

    private static string Text(JsonElement item, string key) => item.GetProperty(key).GetString()!;
}
