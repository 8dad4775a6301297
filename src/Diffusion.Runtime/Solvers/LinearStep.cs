using System.Runtime.CompilerServices;
using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>
/// The scalars of one solver update, x' = <see cref="Sample"/>·x + Σ_k <see cref="EarlierSamples"/>[k-1]·x_k + Σ_k
/// <see cref="Denoised"/>[k]·D_k + <see cref="Noise"/>·z.
/// </summary>
/// <remarks>
/// All that a backend needs to execute a step as one fused kernel. D_0 is this evaluation's clean estimate, D_1 the one
/// before it, and x_k the sample at which D_k was made. Two kinds of step are not linear in the image and say so:
/// <see cref="LearnedVariance"/> and <see cref="Langevin"/>. Pure data; any thread.
/// </remarks>
public struct LinearStep
{
    /// <summary>The most clean estimates that a step may combine: this evaluation's and four before it.</summary>
    public const int MaxDenoised = 5;

    /// <summary>Factor of the current sample x.</summary>
    public double Sample;

    /// <summary>Factors of the samples of earlier evaluations, newest first.</summary>
    public SampleFactors EarlierSamples;

    /// <summary>Factors of the clean estimates, newest first.</summary>
    public DenoisedFactors Denoised;

    /// <summary>Factor of fresh standard normal noise z; 0 for deterministic steps.</summary>
    public double Noise;

    /// <summary>
    /// Whether z is scaled for each value by the network's own variance, exp(½·(v·<see cref="LogVarianceHigh"/> +
    /// (1-v)· <see cref="LogVarianceLow"/>)), in place of <see cref="Noise"/>. [Nichol21, Eq. 15]
    /// </summary>
    public bool LearnedVariance;

    /// <summary>The logarithm of the least variance of a step with <see cref="LearnedVariance"/>.</summary>
    public double LogVarianceLow;

    /// <summary>The logarithm of the largest variance of a step with <see cref="LearnedVariance"/>.</summary>
    public double LogVarianceHigh;

    /// <summary>
    /// Above 0 for a step of Langevin dynamics: x' = x + ε·g + √(2ε)·z with g = <see cref="Sample"/>·x +
    /// <see cref="Denoised"/>[0]·D_0 the score and ε = <see cref="Langevin"/>·(‖z‖/‖g‖)². [Song21SDE, Alg. 4]
    /// </summary>
    public double Langevin;

    /// <summary>The noise level at which x' lives, where the next evaluation takes place.</summary>
    public NoiseLevel Target;

    /// <summary><see cref="MaxDenoised"/> factors, inline so that planning a step allocates nothing.</summary>
    [InlineArray(MaxDenoised)]
    public struct DenoisedFactors
    {
        private double _first;
    }

    /// <summary>Factors of all samples but the current one, inline as well.</summary>
    [InlineArray(MaxDenoised - 1)]
    public struct SampleFactors
    {
        private double _first;
    }
}
