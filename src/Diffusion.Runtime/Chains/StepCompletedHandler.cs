namespace Diffusion.Runtime.Chains;

/// <summary>Receives each finished step of a chain, on the thread that advances it.</summary>
/// <param name="result">The step.</param>
public delegate void StepCompletedHandler(in StepResult result);
