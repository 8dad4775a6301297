using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Denoising;

/// <summary>The scalars that make a network F a denoiser: D(x) = cSkip·x + cOut·F(cIn·x; cNoise).</summary>
/// <remarks>
/// Every parameterisation (ε, x_0, v, EDM) is one choice of these four numbers. Pure data. [Karras22, Eq. 7]
/// </remarks>
/// <param name="CSkip">Factor of the sample in the clean estimate.</param>
/// <param name="COut">Factor of the network's output.</param>
/// <param name="CIn">Factor of the sample at the network's input.</param>
/// <param name="CNoise">The network's timestep input.</param>
public readonly record struct Preconditioning(double CSkip, double COut, double CIn, double CNoise)
{
    /// <summary>The scalars for a network of one of the usual parameterisations.</summary>
    /// <param name="prediction">What the network predicts.</param>
    /// <param name="level">The noise level of the sample, α &gt; 0.</param>
    /// <param name="networkTime">The network's timestep input at that level:
    /// <see cref="NoiseSchedule.NetworkTime"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The prediction type is unknown.</exception>
    public static Preconditioning For(PredictionType prediction, NoiseLevel level, double networkTime) =>
        prediction switch
        {
            // [Ho20, Eq. 15] D = (x - σ·F)/α
            PredictionType.Epsilon => new(1 / level.Alpha, -level.Sigma / level.Alpha, 1, networkTime),

            // D = F
            PredictionType.Sample => new(0, 1, 1, networkTime),

            // [Salimans22, App. D] D = α·x - σ·F, for α² + σ² = 1
            PredictionType.VPrediction => new(level.Alpha, -level.Sigma, 1, networkTime),

            _ => throw new ArgumentOutOfRangeException(nameof(prediction), prediction, "Unknown prediction type."),
        };
}
