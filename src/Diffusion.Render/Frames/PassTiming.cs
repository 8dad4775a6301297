namespace Diffusion.Render.Frames;

/// <summary>What one pass of a finished frame took.</summary>
/// <param name="Name">The pass.</param>
/// <param name="Gpu">Time on the device, from timestamps; zero where the device has none.</param>
/// <param name="Cpu">Time to record it.</param>
public readonly record struct PassTiming(string Name, TimeSpan Gpu, TimeSpan Cpu);
