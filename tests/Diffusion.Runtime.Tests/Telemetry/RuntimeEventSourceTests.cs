using System.Diagnostics.Tracing;

namespace Diffusion.Runtime.Tests.Telemetry;

[Collection(ProcessTelemetry.Name)]
public sealed class RuntimeEventSourceTests
{
    private static readonly TextureRequest _request =
        new() { Width = 8, Height = 12, ClassName = "wood", Seed = 3, Steps = 2 };

    [Fact]
    public void Tick_Listened_TellsEveryEventInOrder()
    {
        using Listener listener = new(EventLevel.Verbose);
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        TextureHandle handle = runtime.Submit(_request);
        runtime.Tick(TimeSpan.FromSeconds(1));
        runtime.Release(handle);
        TextureHandle second = runtime.Submit(_request);
        runtime.Cancel(second);

        string[] step = ["SliceStart", "SliceStop", "SliceStart", "SliceStop", "SliceStart", "SliceStop"];
        string[] evaluation = [.. step, "SliceStart", "SliceStop", "SliceStart", "SliceStop", "StepCompleted"];
        string[] expected =
        [
            "TextureSubmitted", "TickStart", "SliceStart", "SliceStop", .. evaluation, .. evaluation,
            "TextureCompleted", "TickStop", "TextureSubmitted", "TextureCancelled",
        ];
        Assert.Equal(expected, listener.Events.Select(seen => seen.Name));
        Assert.Equal([0, 1u, 8, 12, 2], listener.Events[0].Payload);
        Assert.Equal([1L, 1000.0], listener.Events[1].Payload);
        Assert.Equal([0, 0, 0, 1.0, true], listener.Events[3].Payload);
        Assert.Equal([0, 1, 2], listener.Named("StepCompleted")[0]);
        Assert.Equal([0, 1u], Assert.Single(listener.Named("TextureCompleted")));
        object?[] stop = Assert.Single(listener.Named("TickStop"));
        Assert.Equal((1L, 11.0, 11, false), (stop[0], stop[1], stop[3], stop[4]));
        Assert.Equal([0, 2u], Assert.Single(listener.Named("TextureCancelled")));
    }

    [Fact]
    public void Tick_BackendThrows_TellsWhy()
    {
        using Listener listener = new(EventLevel.Error);
        using GaussianBackend backend = new() { Throws = true };
        using DiffusionRuntime runtime = Create(backend);
        runtime.Submit(_request);

        runtime.Tick(TimeSpan.FromSeconds(1));

        (string name, object?[] payload) = Assert.Single(listener.Events);
        Assert.Equal("TextureFailed", name);
        Assert.Equal([0, 1u, "The device was lost."], payload);
    }

    [Fact]
    public void Tick_KeywordTicks_TellsNoSlices()
    {
        using Listener listener = new(EventLevel.Verbose, (EventKeywords)1);
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        runtime.Submit(_request);

        runtime.Tick(TimeSpan.FromSeconds(1));

        Assert.Equal(["TickStart", "TickStop"], listener.Events.Select(seen => seen.Name));
    }

    [Fact]
    public void Manifest_IsValid()
    {
        EventSource source = EventSource.GetSources().Single(known => known.Name == Listener.SourceName);
        Assert.Null(source.ConstructionException);
        Assert.NotEmpty(EventSource.GenerateManifest(source.GetType(), "here", EventManifestOptions.Strict)!);
    }

    private static DiffusionRuntime Create(GaussianBackend backend) =>
        new(backend, GaussianBackend.Model, new RuntimeOptions { Clock = backend.Clock });

    private sealed class Listener : EventListener
    {
        public const string SourceName = "Diffusion-Runtime";

        public Listener(EventLevel level, EventKeywords keywords = EventKeywords.All)
        {
            // The source exists once a runtime does.
            using GaussianBackend backend = new();
            using DiffusionRuntime runtime = Create(backend);
            EnableEvents(EventSource.GetSources().Single(source => source.Name == SourceName), level, keywords);
            Events.Clear();
        }

        public List<(string Name, object?[] Payload)> Events { get; } = [];

        public object?[][] Named(string name) =>
            [.. Events.Where(seen => seen.Name == name).Select(seen => seen.Payload)];

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventSource.Name == SourceName)
            {
                Events.Add((eventData.EventName!, [.. eventData.Payload!]));
            }
        }
    }
}
