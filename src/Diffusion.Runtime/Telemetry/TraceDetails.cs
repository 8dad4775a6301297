namespace Diffusion.Runtime.Telemetry;

/// <summary>What a span was about; what is not set does not appear in the trace.</summary>
/// <remarks>Pure data.</remarks>
/// <param name="Texture">Index of the texture's handle, or -1.</param>
/// <param name="Step">Steps that the texture had finished when the span began, or -1.</param>
/// <param name="Predicted">What the span was predicted to take, or a negative time.</param>
public readonly record struct TraceDetails(int Texture, int Step, TimeSpan Predicted)
{
    /// <summary>Nothing set.</summary>
    public static TraceDetails None => new(-1, -1, new TimeSpan(-1));
}
