using System.Text.Json;
using Diffusion.Runtime.Telemetry;

namespace Diffusion.Runtime.Tests.Telemetry;

public sealed class TraceRecorderTests
{
    [Fact]
    public void Span_FullRing_OverwritesTheOldest()
    {
        FakeClock clock = new();
        TraceRecorder trace = new(4, clock);
        TraceTrack track = trace.AddTrack("engine", "frames");
        TraceName frame = trace.AddName("frame");
        for (int i = 1; i <= 6; i++)
        {
            long start = trace.Now;
            clock.Advance(TimeSpan.FromMilliseconds(i));
            trace.Span(track, frame, start);
        }

        Assert.Equal([3, 4, 5, 6], trace.Read().Select(entry => entry.Duration.TotalMilliseconds));
        Assert.Equal((6L, 2L, 4), (trace.Recorded, trace.Overwritten, trace.Capacity));
        trace.Clear();
        Assert.Empty(trace.Read());
    }

    [Fact]
    public void AddName_SameText_GivesTheSameName()
    {
        TraceRecorder trace = new();
        TraceName first = trace.AddName("tick");

        Assert.NotEqual(first, trace.AddName("frame"));
        Assert.Equal(first, trace.AddName("tick"));
        Assert.Equal("tick", trace.Text(first));
        Assert.Throws<ArgumentOutOfRangeException>(() => trace.Text(new TraceName(7)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TraceRecorder(0));
    }

    [Fact]
    public void Read_WhileThreadsRecord_HasWholeEntriesOnly()
    {
        TraceRecorder trace = new(64);
        TraceTrack[] tracks = [trace.AddTrack("a", "0"), trace.AddTrack("a", "1")];
        TraceName[] names = [trace.AddName("0"), trace.AddName("1")];
        Thread[] writers = [.. Enumerable.Range(0, 2).Select(writer => new Thread(() =>
        {
            for (int i = 0; i < 50_000; i++)
            {
                TraceDetails details = new(writer, i, new TimeSpan(i));
                trace.Span(tracks[writer], names[writer], i, new TimeSpan(i), details);
            }
        }))];
        Array.ForEach(writers, writer => writer.Start());

        do
        {
            foreach (TraceEntry entry in trace.Read())
            {
                Assert.Equal(entry.Track.Index, entry.Name.Index);
                Assert.Equal(entry.Track.Index, entry.Details.Texture);
                Assert.Equal(entry.Start, entry.Duration.Ticks);
                Assert.Equal(entry.Start, entry.Details.Predicted.Ticks);
            }
        }
        while (writers.Any(writer => writer.IsAlive));

        Assert.Equal(100_000, trace.Recorded);
        Assert.Equal(64, trace.Read().Length);
    }

    [Fact]
    public void Write_HostsSpans_NamesProcessesAndThreads()
    {
        FakeClock clock = new();
        TraceRecorder trace = new(16, clock);
        TraceTrack engine = trace.AddTrack("engine", "frames");
        TraceTrack gpu = trace.AddTrack("gpu", "passes");
        TraceTrack tools = trace.AddTrack("engine", "tools");
        long start = trace.Now;
        clock.Advance(TimeSpan.FromMilliseconds(16));
        trace.Span(engine, trace.AddName("frame \"one\""), start);
        TraceName shadows = trace.AddName("shadows");
        long later = start + TimeSpan.TicksPerMillisecond;
        trace.Span(gpu, shadows, later, TimeSpan.FromMicroseconds(700), TraceDetails.None);
        trace.Counter(tools, trace.AddName("fps"), start, 62.5);

        using JsonDocument document = JsonDocument.Parse(Write(trace));
        string[] lines =
        [
            .. document.RootElement.GetProperty("traceEvents").EnumerateArray()
                .Where(item => item.GetProperty("name").GetString() != "thread_sort_index")
                .Select(item => item.GetRawText()),
        ];

        Assert.Equal(
            [
                """{"name":"process_name","ph":"M","pid":1,"tid":0,"args":{"name":"engine"}}""",
                """{"name":"process_name","ph":"M","pid":2,"tid":0,"args":{"name":"gpu"}}""",
                """{"name":"thread_name","ph":"M","pid":1,"tid":1,"args":{"name":"frames"}}""",
                """{"name":"thread_name","ph":"M","pid":2,"tid":2,"args":{"name":"passes"}}""",
                """{"name":"thread_name","ph":"M","pid":1,"tid":3,"args":{"name":"tools"}}""",
                """{"name":"frame \u0022one\u0022","ph":"X","pid":1,"tid":1,"ts":0,"dur":16000}""",
                """{"name":"shadows","ph":"X","pid":2,"tid":2,"ts":1000,"dur":700}""",
                """{"name":"fps","ph":"C","pid":1,"tid":3,"ts":0,"args":{"value":62.5}}""",
            ],
            lines);
    }

    [Fact]
    public void Write_LongNumbersAndNames_StaysWithinItsBytesPerEntry()
    {
        FakeClock clock = new();
        TraceRecorder trace = new(1000, clock);
        TraceTrack track = trace.AddTrack("diffusion", "ticks");
        trace.Span(track, trace.AddName("first"), 0, TimeSpan.Zero, TraceDetails.None);
        int before = Write(trace).Length;
        TraceName name = trace.AddName(new string('n', 60));
        TimeSpan hour = new(1, 7, 13, 17, 777, 777);
        for (int i = 1; i < 1000; i++)
        {
            trace.Span(track, name, hour.Ticks + i, hour + new TimeSpan(9), new TraceDetails(4095, 999, hour));
        }

        Assert.InRange((Write(trace).Length - before) / 999.0, 150, ChromeTraceWriter.MaxBytesPerEntry);
    }

    private static byte[] Write(TraceRecorder trace)
    {
        using MemoryStream stream = new();
        ChromeTraceWriter.Write(stream, trace);
        return stream.ToArray();
    }
}
