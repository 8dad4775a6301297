using System.Text.Json;

namespace Diffusion.Runtime.Telemetry;

/// <summary>Writes a recorder's entries in Chrome's trace format, which Perfetto and chrome://tracing open.</summary>
/// <remarks>
/// <para>The format is the Trace Event Format in its JSON object form: spans are complete events (<c>"X"</c>), counters
/// <c>"C"</c>, names of processes and threads metadata (<c>"M"</c>). Times are microseconds since the earliest
/// entry.</para>
/// <para>Any thread; recording may go on meanwhile.</para>
/// </remarks>
public static class ChromeTraceWriter
{
    /// <summary>At most so many bytes are written for an entry whose names have up to 60 characters.</summary>
    public const int MaxBytesPerEntry = 240;

    private const int FlushThreshold = 1 << 16;

    /// <summary>Writes one JSON object and leaves the stream open.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="recorder">What was recorded.</param>
    public static void Write(Stream output, TraceRecorder recorder)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(recorder);
        TraceEntry[] entries = recorder.Read();
        IReadOnlyList<(string Process, string Thread)> tracks = recorder.Tracks;
        List<string> processes = [.. tracks.Select(track => track.Process).Distinct()];
        long origin = entries.Length == 0 ? 0 : entries.Min(entry => entry.Start);

        using Utf8JsonWriter json = new(output);
        json.WriteStartObject();
        json.WriteString("displayTimeUnit", "ms");
        json.WriteStartArray("traceEvents");
        for (int i = 0; i < processes.Count; i++)
        {
            WriteName(json, "process_name", i + 1, 0, processes[i]);
        }

        for (int track = 0; track < tracks.Count; track++)
        {
            int process = processes.IndexOf(tracks[track].Process) + 1;
            WriteName(json, "thread_name", process, track + 1, tracks[track].Thread);
            WriteOrder(json, process, track + 1);
        }

        foreach (TraceEntry entry in entries)
        {
            int process = processes.IndexOf(tracks[entry.Track.Index].Process) + 1;
            double time = recorder.Clock.GetElapsedTime(origin, entry.Start).TotalMicroseconds;
            WriteEntry(json, entry, recorder.Text(entry.Name), process, time);
            if (json.BytesPending > FlushThreshold)
            {
                json.Flush();
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteEntry(Utf8JsonWriter json, in TraceEntry entry, string name, int process, double time)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("ph", entry.IsCounter ? "C" : "X");
        json.WriteNumber("pid", process);
        json.WriteNumber("tid", entry.Track.Index + 1);
        json.WriteNumber("ts", Rounded(time));
        if (!entry.IsCounter)
        {
            json.WriteNumber("dur", Rounded(entry.Duration.TotalMicroseconds));
        }

        WriteArguments(json, entry);
        json.WriteEndObject();
    }

    private static void WriteArguments(Utf8JsonWriter json, in TraceEntry entry)
    {
        if (!entry.IsCounter && entry.Details == TraceDetails.None)
        {
            return;
        }

        json.WriteStartObject("args");
        if (entry.IsCounter)
        {
            json.WriteNumber("value", entry.Value);
        }
        else
        {
            if (entry.Details.Texture >= 0)
            {
                json.WriteNumber("texture", entry.Details.Texture);
            }

            if (entry.Details.Step >= 0)
            {
                json.WriteNumber("step", entry.Details.Step);
            }

            if (entry.Details.Predicted >= TimeSpan.Zero)
            {
                json.WriteNumber("predicted_us", Rounded(entry.Details.Predicted.TotalMicroseconds));
            }
        }

        json.WriteEndObject();
    }

    private static void WriteName(Utf8JsonWriter json, string kind, int process, int thread, string name)
    {
        json.WriteStartObject();
        json.WriteString("name", kind);
        json.WriteString("ph", "M");
        json.WriteNumber("pid", process);
        json.WriteNumber("tid", thread);
        json.WriteStartObject("args");
        json.WriteString("name", name);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteOrder(Utf8JsonWriter json, int process, int thread)
    {
        json.WriteStartObject();
        json.WriteString("name", "thread_sort_index");
        json.WriteString("ph", "M");
        json.WriteNumber("pid", process);
        json.WriteNumber("tid", thread);
        json.WriteStartObject("args");
        json.WriteNumber("sort_index", thread);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    // Time stamps are in tenths of microseconds: more digits would be noise from the division.
    private static double Rounded(double microseconds) => Math.Round(microseconds, 1);
}
