using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Denoising;

/// <summary>
/// The noise levels at which guidance applies, by σ/α: at high noise it costs variety, at low noise it does nothing.
/// [Kynkaanniemi24, Sec. 3]
/// </summary>
/// <param name="MinRatio">The least σ/α, at least 0; not included.</param>
/// <param name="MaxRatio">The largest σ/α, included; infinity for no end.</param>
public readonly record struct GuidanceInterval(double MinRatio, double MaxRatio)
{
    /// <summary>Every level.</summary>
    public static GuidanceInterval All => new(0, double.PositiveInfinity);

    /// <summary>Whether guidance applies at a level.</summary>
    public bool Contains(NoiseLevel level) => level.Ratio > MinRatio && level.Ratio <= MaxRatio;
}
