namespace Diffusion.Render.Compute;

/// <summary>How a <see cref="ComputeBackend"/> keeps and runs its network.</summary>
public sealed record ComputeBackendOptions
{
    /// <summary>
    /// How matrices and activations are kept on the device. Default <see cref="StoragePrecision.Full"/>.
    /// </summary>
    public StoragePrecision Precision { get; init; } = StoragePrecision.Full;

    /// <summary>
    /// Whether running a slice waits for the device. Default null: only where the device is the CPU, for there the
    /// work would else run on in the frame's own cores after the tick has ended, or has no timestamps to tell costs
    /// by.
    /// </summary>
    public bool? WaitsForSlices { get; init; }

    /// <summary>
    /// What one slice may take, about, above zero: longer ones are cut into pieces, by the rate of the host's cores
    /// where the device is a CPU, and elsewhere by that of a mid-range card. Results do not depend on it. Default
    /// 2 ms, so that a budget of a few milliseconds can be filled and kept; <see cref="TimeSpan.MaxValue"/> leaves
    /// slices whole.
    /// </summary>
    public TimeSpan SliceTime { get; init; } = TimeSpan.FromMilliseconds(2);
}
