namespace Diffusion.Render.Compute.Sampling;

/// <summary>What a step does, by the numbers of <c>shaders/compute/sample.glsl</c>.</summary>
[Flags]
internal enum StepFlags : uint
{
    None = 0,
    DrawsNoise = 1,
    Guided = 2,
    Clamped = 4,
    VarianceLearned = 8,
    Langevin = 16,
    HasImage = 32,
    KeepsPixels = 64,
    Mixed = 128,
    HasClassMask = 256,
    MatchesSpread = 512,
}
