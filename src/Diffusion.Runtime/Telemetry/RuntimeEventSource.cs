using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Tracing;

namespace Diffusion.Runtime.Telemetry;

/// <summary>The event source <c>Diffusion-Runtime</c>, for dotnet-trace, PerfView and event listeners.</summary>
/// <remarks>
/// One for all runtimes of the process. Any thread. Payloads are numbers and written without boxing; a reason's text is
/// the one that exists already. Callers ask <see cref="EventSource.IsEnabled()"/> first.
/// </remarks>
[EventSource(Name = SourceName)]
internal sealed unsafe class RuntimeEventSource : EventSource
{
    public const string SourceName = "Diffusion-Runtime";

    private const int TickStartId = 1;
    private const int TickStopId = 2;
    private const int SliceStartId = 3;
    private const int SliceStopId = 4;
    private const int StepCompletedId = 5;
    private const int TextureSubmittedId = 6;
    private const int TextureCompletedId = 7;
    private const int TextureFailedId = 8;
    private const int TextureCancelledId = 9;

    private const string OnlyPrimitives = "Payloads are primitives and strings, which need no reflection.";

    private RuntimeEventSource()
    {
    }

    public static RuntimeEventSource Log { get; } = new();

    // Without it the runtime tracks activities by async locals, which allocates at every start and stop.
    [Event(TickStartId, Keywords = Keywords.Ticks, ActivityOptions = EventActivityOptions.Disable)]
    public void TickStart(long tick, double budgetMilliseconds)
    {
        EventData* data = stackalloc EventData[2];
        data[0] = Data(&tick, sizeof(long));
        data[1] = Data(&budgetMilliseconds, sizeof(double));
        Write(TickStartId, 2, data);
    }

    [Event(TickStopId, Keywords = Keywords.Ticks, ActivityOptions = EventActivityOptions.Disable)]
    public void TickStop(long tick, double takenMilliseconds, double predictedMilliseconds, int slices, bool forced)
    {
        int isForced = forced ? 1 : 0;
        EventData* data = stackalloc EventData[5];
        data[0] = Data(&tick, sizeof(long));
        data[1] = Data(&takenMilliseconds, sizeof(double));
        data[2] = Data(&predictedMilliseconds, sizeof(double));
        data[3] = Data(&slices, sizeof(int));
        data[4] = Data(&isForced, sizeof(int));
        Write(TickStopId, 5, data);
    }

    [Event(
        SliceStartId,
        Level = EventLevel.Verbose,
        Keywords = Keywords.Slices,
        ActivityOptions = EventActivityOptions.Disable)]
    public void SliceStart(int texture, int step, int slice, double predictedMilliseconds)
    {
        EventData* data = stackalloc EventData[4];
        data[0] = Data(&texture, sizeof(int));
        data[1] = Data(&step, sizeof(int));
        data[2] = Data(&slice, sizeof(int));
        data[3] = Data(&predictedMilliseconds, sizeof(double));
        Write(SliceStartId, 4, data);
    }

    /// <summary>A slice ended; <paramref name="ran"/> is false where it waits for readers, to be tried again.</summary>
    [Event(
        SliceStopId,
        Level = EventLevel.Verbose,
        Keywords = Keywords.Slices,
        ActivityOptions = EventActivityOptions.Disable)]
    public void SliceStop(int texture, int step, int slice, double takenMilliseconds, bool ran)
    {
        int hasRun = ran ? 1 : 0;
        EventData* data = stackalloc EventData[5];
        data[0] = Data(&texture, sizeof(int));
        data[1] = Data(&step, sizeof(int));
        data[2] = Data(&slice, sizeof(int));
        data[3] = Data(&takenMilliseconds, sizeof(double));
        data[4] = Data(&hasRun, sizeof(int));
        Write(SliceStopId, 5, data);
    }

    [Event(StepCompletedId, Keywords = Keywords.Textures)]
    public void StepCompleted(int texture, int step, int stepCount)
    {
        EventData* data = stackalloc EventData[3];
        data[0] = Data(&texture, sizeof(int));
        data[1] = Data(&step, sizeof(int));
        data[2] = Data(&stepCount, sizeof(int));
        Write(StepCompletedId, 3, data);
    }

    [Event(TextureSubmittedId, Keywords = Keywords.Textures)]
    public void TextureSubmitted(int texture, uint generation, int width, int height, int stepCount)
    {
        EventData* data = stackalloc EventData[5];
        data[0] = Data(&texture, sizeof(int));
        data[1] = Data(&generation, sizeof(uint));
        data[2] = Data(&width, sizeof(int));
        data[3] = Data(&height, sizeof(int));
        data[4] = Data(&stepCount, sizeof(int));
        Write(TextureSubmittedId, 5, data);
    }

    [Event(TextureCompletedId, Keywords = Keywords.Textures)]
    public void TextureCompleted(int texture, uint generation)
    {
        EventData* data = stackalloc EventData[2];
        data[0] = Data(&texture, sizeof(int));
        data[1] = Data(&generation, sizeof(uint));
        Write(TextureCompletedId, 2, data);
    }

    [Event(TextureFailedId, Level = EventLevel.Error, Keywords = Keywords.Textures)]
    public void TextureFailed(int texture, uint generation, string reason)
    {
        fixed (char* text = reason)
        {
            EventData* data = stackalloc EventData[3];
            data[0] = Data(&texture, sizeof(int));
            data[1] = Data(&generation, sizeof(uint));
            data[2] = Data(text, (reason.Length + 1) * sizeof(char));
            Write(TextureFailedId, 3, data);
        }
    }

    [Event(TextureCancelledId, Keywords = Keywords.Textures)]
    public void TextureCancelled(int texture, uint generation)
    {
        EventData* data = stackalloc EventData[2];
        data[0] = Data(&texture, sizeof(int));
        data[1] = Data(&generation, sizeof(uint));
        Write(TextureCancelledId, 2, data);
    }

    [NonEvent]
    private static EventData Data(void* value, int size) => new() { DataPointer = (nint)value, Size = size };

    [NonEvent]
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = OnlyPrimitives)]
    private void Write(int id, int count, EventData* data) => WriteEventCore(id, count, data);

    /// <summary>What a listener can ask for apart.</summary>
    public static class Keywords
    {
        /// <summary>Start and end of each tick.</summary>
        public const EventKeywords Ticks = (EventKeywords)1;

        /// <summary>Start and end of each slice: some dozens a frame.</summary>
        public const EventKeywords Slices = (EventKeywords)2;

        /// <summary>Steps and the fate of textures.</summary>
        public const EventKeywords Textures = (EventKeywords)4;
    }
}
