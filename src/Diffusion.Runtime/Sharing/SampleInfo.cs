namespace Diffusion.Runtime.Sharing;

/// <summary>What a published sample is: it travels with the image to whoever shows it.</summary>
/// <param name="Generation">Grows by one with each publication of the ring, from 1.</param>
/// <param name="Step">Steps finished, 0 for pure noise.</param>
/// <param name="NoiseLevel">The noise level of x_t.</param>
public readonly record struct SampleInfo(ulong Generation, int Step, Schedules.NoiseLevel NoiseLevel);
