using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;

namespace Diffusion.Torch.Training.Objectives;

/// <summary>The weights of square errors, converted between what networks predict.</summary>
/// <remarks>
/// Every weight is that of the error in x_0 first. With D = cSkip·x + cOut·F an error of the output F is cOut times
/// larger in D, so that a weight w of the square error in x_0 is the weight cOut²·w of that in F; for ε, σ²/α²·w =
/// w/SNR. [Karras22, Eq. 8] Pure; any thread.
/// </remarks>
internal static class LossWeights
{
    // [Choi22] k = 1, γ = 1
    private const double P2Offset = 1;
    private const double P2Exponent = 1;

    // [Hang23]
    private const double SnrCap = 5;

    /// <summary>The weight of the square error of the network's output.</summary>
    public static double OfOutput(
        TrainingObjective objective, LossWeighting weighting, PredictionType prediction, TrainingLevel level)
    {
        var cOut = Preconditioning.For(prediction, level.Level, level.NetworkTime).COut;
        return objective switch
        {
            TrainingObjective.Score => cOut * cOut * OfCleanForScore(weighting, level),
            TrainingObjective.Edm => cOut * cOut * OfCleanForEdm(level.Level),
            _ when weighting == LossWeighting.Uniform => 1,
            _ => cOut * cOut * OfClean(weighting, level),
        };
    }

    /// <summary>
    /// The weight of the square error in x_0, for every weighting but the uniform, which depends on the output.
    /// </summary>
    public static double OfClean(LossWeighting weighting, TrainingLevel level)
    {
        var snr = SnrOf(level.Level);
        return weighting switch
        {
            // [Kingma21, Sec. 5] -½·SNR'(t), which is -SNR·λ'(t) = ½·SNR·g²/σ²
            LossWeighting.Bound => 0.5 * snr * NoiseRate(level),

            // [Choi22] relative to L_simple's 1 for ε, which is the SNR for x_0: SNR/(k + SNR)^γ
            LossWeighting.P2 => snr / Math.Pow(P2Offset + snr, P2Exponent),

            // [Hang23] min(SNR, γ)
            LossWeighting.MinSnr => Math.Min(snr, SnrCap),
            _ => throw new ArgumentOutOfRangeException(nameof(weighting), weighting, "No weight of x_0 has this name."),
        };
    }

    // The score is (α·x_0 - x)/σ², so λ weighs its square error as λ·α²/σ⁴ weighs that of x_0.
    private static double OfCleanForScore(LossWeighting weighting, TrainingLevel level) => weighting switch
    {
        // [Song21SDE, Sec. 3.3] λ = σ²
        LossWeighting.Uniform => SnrOf(level.Level),

        // [Song21ML, Thm. 1] λ = g²
        LossWeighting.Bound => SnrOf(level.Level) * NoiseRate(level),
        _ => throw new ArgumentOutOfRangeException(nameof(weighting), weighting, "λ(t) is σ² or g²."),
    };

    // [Karras22, Table 1] (σ² + σ_data²)/(σ·σ_data)², the reciprocal of cOut²
    private static double OfCleanForEdm(NoiseLevel level)
    {
        var variance = level.Ratio * level.Ratio;
        const double DataVariance = Preconditioning.DefaultSigmaData * Preconditioning.DefaultSigmaData;
        return (variance + DataVariance) / (variance * DataVariance);
    }

    private static double SnrOf(NoiseLevel level) => 1 / (level.Ratio * level.Ratio);

    // g²/σ² per unit of drawn time
    private static double NoiseRate(TrainingLevel level) =>
        level.Level.DiffusionSquared * level.TimeRange / (level.Level.Sigma * level.Level.Sigma);
}
