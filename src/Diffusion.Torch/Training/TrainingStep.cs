namespace Diffusion.Torch.Training;

/// <summary>What one iteration did.</summary>
/// <param name="Iteration">Its number, from 1.</param>
/// <param name="Loss">The objective's estimate from its batch, mean over pixels and channels.</param>
/// <param name="LearningRate">The rate it stepped with.</param>
/// <param name="GradientNorm">The gradient's norm before clipping.</param>
public readonly record struct TrainingStep(long Iteration, double Loss, double LearningRate, double GradientNorm);
