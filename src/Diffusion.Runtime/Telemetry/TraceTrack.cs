namespace Diffusion.Runtime.Telemetry;

/// <summary>A row of spans in a trace: a thread of a process, as viewers call it.</summary>
/// <remarks>From <see cref="TraceRecorder.AddTrack"/>; spans of one track must nest. Pure data.</remarks>
/// <param name="Index">Place among the recorder's tracks, from 0 in order of adding.</param>
public readonly record struct TraceTrack(int Index);
