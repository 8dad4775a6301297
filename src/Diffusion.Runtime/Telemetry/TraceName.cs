namespace Diffusion.Runtime.Telemetry;

/// <summary>A name of spans or of a counter, handed to a recorder once, so that recording copies a number.</summary>
/// <remarks>From <see cref="TraceRecorder.AddName"/>. Pure data.</remarks>
/// <param name="Index">Place among the recorder's names, from 0 in order of adding.</param>
public readonly record struct TraceName(int Index);
