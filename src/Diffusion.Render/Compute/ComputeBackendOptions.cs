namespace Diffusion.Render.Compute;

/// <summary>How a <see cref="ComputeBackend"/> keeps and runs its network.</summary>
public sealed record ComputeBackendOptions
{
    /// <summary>How matrices are kept on the device. Default <see cref="WeightStorage.Full"/>.</summary>
    public WeightStorage Weights { get; init; } = WeightStorage.Full;

    /// <summary>
    /// Whether running a slice waits for the device. Default null: only where the device is the CPU, for there the
    /// work would else run on in the frame's own cores after the tick has ended.
    /// </summary>
    public bool? WaitsForSlices { get; init; }
}
