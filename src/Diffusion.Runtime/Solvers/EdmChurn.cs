namespace Diffusion.Runtime.Solvers;

/// <summary>How much noise EDM's stochastic sampler adds before a step. [Karras22, Alg. 2]</summary>
/// <param name="Amount">S_churn, at least 0; 0 is none, the paper's values lie from 5 to 80.</param>
/// <param name="MinSigma">S_tmin, the least σ at which noise is added.</param>
/// <param name="MaxSigma">S_tmax, the largest.</param>
/// <param name="Noise">S_noise, the deviation of the added noise, near 1; 0 in a default value, which has none.</param>
public readonly record struct EdmChurn(
    double Amount, double MinSigma = 0, double MaxSigma = double.PositiveInfinity, double Noise = 1)
{
    // [Karras22, Alg. 2] no more noise than there is already: γ ≤ √2 - 1
    private const double MaxGamma = 0.41421356237309503;

    /// <summary>The paper's setting for ImageNet-64. [Karras22, Table 5]</summary>
    public static EdmChurn ImageNet64 => new(40, 0.05, 50, 1.003);

    internal double NoiseScale => Amount > 0 ? Noise : 0;

    /// <summary>σ̂ for a step of a chain of <paramref name="stepCount"/>.</summary>
    internal double Raise(double sigma, int stepCount) => Amount > 0 && sigma >= MinSigma && sigma <= MaxSigma
        ? sigma * (1 + Math.Min(Amount / stepCount, MaxGamma))
        : sigma;

    /// <exception cref="ArgumentOutOfRangeException">A number breaks its rule.</exception>
    internal void Validate()
    {
        if (!(Amount >= 0 && double.IsFinite(Amount) && MinSigma >= 0 && MaxSigma >= MinSigma
            && Noise >= 0 && double.IsFinite(Noise)))
        {
            throw new ArgumentOutOfRangeException(
                nameof(Amount),
                $"Churn must have finite Amount and Noise of at least 0 and 0 <= MinSigma <= MaxSigma, not {this}.");
        }
    }
}
