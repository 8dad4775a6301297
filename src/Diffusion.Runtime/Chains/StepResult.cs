using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Chains;

/// <summary>What a chain hands out at the end of each step.</summary>
/// <remarks>
/// The images are those of the ring and are valid for the duration of the call; copy what is to be kept.
/// </remarks>
public readonly ref struct StepResult
{
    /// <summary>Steps finished, from 1.</summary>
    public required int Step { get; init; }

    /// <summary>The noise level of <see cref="Sample"/>.</summary>
    public required NoiseLevel Level { get; init; }

    /// <summary>x_t, planar [3, H, W] float32.</summary>
    public required ReadOnlySpan<float> Sample { get; init; }

    /// <summary>The clean estimate D of the step's evaluation, planar [3, H, W] float32.</summary>
    public required ReadOnlySpan<float> Denoised { get; init; }
}
