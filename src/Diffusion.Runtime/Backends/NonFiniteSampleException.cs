namespace Diffusion.Runtime.Backends;

/// <summary>
/// A step produced NaN or infinity; nothing of it was published, and the session can be started anew.
/// </summary>
/// <param name="stepNumber">The step that produced them, from 1.</param>
public sealed class NonFiniteSampleException(int stepNumber)
    : Exception(
        $"Step {stepNumber} produced values that are not finite; "
        + "the weights or the guidance scale are the usual cause.")
{
    /// <summary>The step that produced them, from 1.</summary>
    public int StepNumber { get; } = stepNumber;
}
