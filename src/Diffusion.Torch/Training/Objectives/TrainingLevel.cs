using Diffusion.Runtime.Schedules;

namespace Diffusion.Torch.Training.Objectives;

/// <summary>A noise level as training meets it.</summary>
/// <param name="Level">α, σ and the diffusion at its time.</param>
/// <param name="NetworkTime">What the network is told.</param>
/// <param name="Index">Its index in the schedule's table; 0 for a schedule without one.</param>
/// <param name="TimeRange">The schedule's time per unit of drawn time, for weights that are densities in time.</param>
internal readonly record struct TrainingLevel(NoiseLevel Level, double NetworkTime, int Index, double TimeRange);
