using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime;

/// <summary>How far a texture is.</summary>
/// <remarks>Pure data.</remarks>
/// <param name="Status">Where it stands.</param>
/// <param name="Step">Steps finished.</param>
/// <param name="StepCount">Steps in all.</param>
/// <param name="Level">The noise level of x_t.</param>
/// <param name="Generation">Generation of the newest published image; 0 before the first.</param>
/// <param name="FailureReason">Why it failed, or null.</param>
public readonly record struct TextureProgress(
    ChainStatus Status,
    int Step,
    int StepCount,
    NoiseLevel Level,
    ulong Generation,
    string? FailureReason)
{
    /// <summary>Steps left in which guidance applies; they take an evaluation of the network more.</summary>
    public int GuidedStepsLeft { get; init; }
}
