using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Denoising;

/// <summary>The scalars that make a network F a denoiser: D(x) = cSkip·x + cOut·F(cIn·x; cNoise).</summary>
/// <remarks>
/// Every parameterisation (ε, x_0, v, score, EDM) is one choice of these four numbers. Pure data. [Karras22, Eq. 7]
/// </remarks>
/// <param name="CSkip">Factor of the sample in the clean estimate.</param>
/// <param name="COut">Factor of the network's output.</param>
/// <param name="CIn">Factor of the sample at the network's input.</param>
/// <param name="CNoise">The network's timestep input.</param>
public readonly record struct Preconditioning(double CSkip, double COut, double CIn, double CNoise)
{
    /// <summary>EDM's deviation of the data where a model names none. [Karras22, Table 1]</summary>
    public const double DefaultSigmaData = 0.5;

    /// <summary>The scalars for a network of one of the usual parameterisations.</summary>
    /// <param name="prediction">What the network predicts.</param>
    /// <param name="level">The noise level of the sample, α &gt; 0.</param>
    /// <param name="networkTime">The network's timestep input at that level:
    /// <see cref="NoiseSchedule.NetworkTime"/>.</param>
    /// <param name="sigmaData">The data's deviation, above 0; only EDM's F depends on it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The prediction type is unknown.</exception>
    public static Preconditioning For(
        PredictionType prediction, NoiseLevel level, double networkTime, double sigmaData = DefaultSigmaData)
    {
        (double alpha, double sigma) = (level.Alpha, level.Sigma);
        switch (prediction)
        {
            case PredictionType.Epsilon:
                // [Ho20, Eq. 15] D = (x - σ·F)/α
                return new(1 / alpha, -sigma / alpha, 1, networkTime);

            case PredictionType.Sample:
                // D = F
                return new(0, 1, 1, networkTime);

            case PredictionType.VPrediction:
                // [Salimans22, App. D] D = α·x - σ·F; divided by α² + σ², which is 1 on their schedules
                double norm = (alpha * alpha) + (sigma * sigma);
                return new(alpha / norm, -sigma / norm, 1, networkTime);

            case PredictionType.Score:
                // [Vincent11] with F = -ε/σ: D = (x + σ²·F)/α
                return new(1 / alpha, sigma * sigma / alpha, 1, networkTime);

            case PredictionType.Edm:
                // [Karras22, Table 1] for x/α, whose noise is σ/α
                double ratio = level.Ratio;
                double total = (ratio * ratio) + (sigmaData * sigmaData);
                return new(
                    sigmaData * sigmaData / (total * alpha),
                    ratio * sigmaData / Math.Sqrt(total),
                    1 / (Math.Sqrt(total) * alpha),
                    networkTime);

            default:
                throw new ArgumentOutOfRangeException(nameof(prediction), prediction, "Unknown prediction type.");
        }
    }

    /// <summary>The scalars for a sample on another schedule than the one that the network was trained on.</summary>
    /// <remarks>
    /// Two samples of the same signal-to-noise ratio differ by a factor only, so the sample is scaled to the network's
    /// own level. Beyond the noisiest level it was trained on the network is told of that one.
    /// </remarks>
    /// <param name="prediction">What the network predicts.</param>
    /// <param name="level">The sample's level, on any schedule, α &gt; 0.</param>
    /// <param name="trained">The schedule that the network was trained on.</param>
    /// <param name="sigmaData">The data's deviation, above 0; only EDM's F depends on it.</param>
    public static Preconditioning Across(
        PredictionType prediction, NoiseLevel level, NoiseSchedule trained, double sigmaData = DefaultSigmaData)
    {
        ArgumentNullException.ThrowIfNull(trained);
        NoiseLevel own = trained.AtLambda(level.Lambda);
        Preconditioning scalars = For(prediction, own, trained.NetworkTime(own.Time), sigmaData);
        double scale = own.Alpha / level.Alpha;
        return scalars with { CSkip = scale * scalars.CSkip, CIn = scale * scalars.CIn };
    }
}
