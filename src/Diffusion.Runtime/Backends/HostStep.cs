using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Backends;

/// <summary>The images and numbers of one solver step in host memory; all images planar float32 [3, H, W].</summary>
/// <remarks>
/// <see cref="Next"/> and <see cref="Denoised"/> must overlap no input. Borrowed for the call of
/// <see cref="HostStepKernel.Run"/>.
/// </remarks>
public ref struct HostStep
{
    /// <summary>Width in pixels.</summary>
    public int Width;

    /// <summary>Height in pixels.</summary>
    public int Height;

    /// <summary>x_t.</summary>
    public ReadOnlySpan<float> Sample;

    /// <summary>The network's output F for the class.</summary>
    public ReadOnlySpan<float> ClassOutput;

    /// <summary>The network's output for no class, or empty without guidance.</summary>
    public ReadOnlySpan<float> NullOutput;

    /// <summary>D_1, the clean estimate of the evaluation before; may be empty where its factor is 0.</summary>
    public ReadOnlySpan<float> Earlier1;

    /// <summary>D_2; may be empty where its factor is 0.</summary>
    public ReadOnlySpan<float> Earlier2;

    /// <summary>D_3; may be empty where its factor is 0.</summary>
    public ReadOnlySpan<float> Earlier3;

    /// <summary>Receives D.</summary>
    public Span<float> Denoised;

    /// <summary>Receives x'.</summary>
    public Span<float> Next;

    /// <summary>Preconditioning, guidance and clamp.</summary>
    public Evaluation Evaluation;

    /// <summary>The solver's coefficients.</summary>
    public LinearStep Step;

    /// <summary>The noise function of the chain.</summary>
    public NoiseSource Noise;

    /// <summary>Steps finished when this one is, from 1: the noise function's step coordinate.</summary>
    public int StepNumber;
}
