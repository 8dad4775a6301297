using System.Runtime.CompilerServices;
using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>
/// The scalars of one solver update, x' = <see cref="Sample"/>·x + Σ_k <see cref="Denoised"/>[k]·D_k +
/// <see cref="Noise"/>·z.
/// </summary>
/// <remarks>
/// All that a backend needs to execute a step as one fused kernel. D_0 is this evaluation's clean estimate, D_1 the one
/// before it, and so on. Pure data; any thread.
/// </remarks>
public struct LinearStep
{
    /// <summary>The most clean estimates that a step may combine: this evaluation's and three before it.</summary>
    public const int MaxDenoised = 4;

    /// <summary>Factor of the current sample x.</summary>
    public double Sample;

    /// <summary>Factors of the clean estimates, newest first.</summary>
    public DenoisedFactors Denoised;

    /// <summary>Factor of fresh standard normal noise z; 0 for deterministic steps.</summary>
    public double Noise;

    /// <summary>The noise level at which x' lives, where the next evaluation takes place.</summary>
    public NoiseLevel Target;

    /// <summary><see cref="MaxDenoised"/> factors, inline so that planning a step allocates nothing.</summary>
    [InlineArray(MaxDenoised)]
    public struct DenoisedFactors
    {
        private double _first;
    }
}
