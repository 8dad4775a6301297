using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Runtime.Chains;

/// <summary>What a chain hands out at the end of each step.</summary>
/// <remarks>
/// The images are those of the ring and are valid for the duration of the call; copy what is to be kept. Where a device
/// holds them, asking for one copies it to the host and waits for the device.
/// </remarks>
public readonly ref struct StepResult
{
    private readonly SampleRing _ring;

    internal StepResult(SampleRing ring, int step, NoiseLevel level) => (_ring, Step, Level) = (ring, step, level);

    /// <summary>Steps finished, from 1.</summary>
    public int Step { get; }

    /// <summary>The noise level of <see cref="Sample"/>.</summary>
    public NoiseLevel Level { get; }

    /// <summary>x_t, planar [3, H, W] float32.</summary>
    public ReadOnlySpan<float> Sample => _ring.Sample(_ring.CurrentSlot);

    /// <summary>The clean estimate D of the step's evaluation, planar [3, H, W] float32.</summary>
    public ReadOnlySpan<float> Denoised => _ring.Denoised(_ring.CurrentSlot);
}
