using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Backends;

/// <summary>The images and numbers of one solver step in host memory; all images planar float32 [3, H, W].</summary>
/// <remarks>Borrowed for the call of <see cref="HostStepKernel.Run"/>.</remarks>
public ref struct HostStep
{
    /// <summary>
    /// Holds x_t in its current slot, and the earlier x_k and D_k: the estimate that led to a sample lies beside it.
    /// </summary>
    public required SampleRing Samples;

    /// <summary>The slot of <see cref="Samples"/> that receives x' and D, taken for writing.</summary>
    public required int Slot;

    /// <summary>The network's output F for the class.</summary>
    public required ReadOnlySpan<float> ClassOutput;

    /// <summary>The network's output for the second class, or empty without one.</summary>
    public ReadOnlySpan<float> SecondOutput;

    /// <summary>The weight of the second class, [H, W] in [0, 1], or empty for the evaluation's own.</summary>
    public ReadOnlySpan<float> ClassMask;

    /// <summary>The network's output for no class, or empty without guidance.</summary>
    public ReadOnlySpan<float> NullOutput;

    /// <summary>The network's variance v in [-1, 1], or empty where it predicts none.</summary>
    public ReadOnlySpan<float> VarianceOutput;

    /// <summary>Preconditioning, guidance and clamp.</summary>
    public required Evaluation Evaluation;

    /// <summary>The solver's coefficients.</summary>
    public required LinearStep Step;

    /// <summary>The noise function of the chain.</summary>
    public NoiseSource Noise;

    /// <summary>Steps finished when this one is, from 1: the noise function's step coordinate.</summary>
    public int StepNumber;

    /// <summary>What is kept where <see cref="Mask"/> is 0, or empty where nothing is.</summary>
    public ReadOnlySpan<float> KeptImage;

    /// <summary>Empty, or m in [0, 1] of each pixel, [H, W]: D becomes m·D + (1-m)·<see cref="KeptImage"/>.</summary>
    public ReadOnlySpan<float> Mask;
}
