namespace Diffusion.Render.Compute.Tuning;

/// <summary>What <see cref="ComputeTuner"/> found.</summary>
/// <param name="Path">The file that holds it.</param>
/// <param name="Before">A float32 evaluation of the network with the choices of a device that was not measured.</param>
/// <param name="After">The same with what was found.</param>
public sealed record TuningReport(string Path, TimeSpan Before, TimeSpan After);
