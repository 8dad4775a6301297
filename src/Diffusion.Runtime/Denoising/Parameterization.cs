using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Denoising;

/// <summary>What each parameterisation stands for, given the sample: conversions by way of the clean image.</summary>
/// <remarks>
/// With x = α·x_0 + σ·ε any two of (x, x_0, ε, v, score) give the others. Pure; any thread. On tensors, training
/// builds its targets with the same formulas.
/// </remarks>
public static class Parameterization
{
    /// <summary>The clean image that a value of the given type stands for.</summary>
    /// <param name="prediction">What <paramref name="value"/> is.</param>
    /// <param name="level">The level of x, 0 &lt; α and 0 &lt; σ.</param>
    /// <param name="x">A value of x_t.</param>
    /// <param name="value">ε, x_0, v, score or EDM's F.</param>
    /// <param name="sigmaData">The data's deviation for EDM.</param>
    public static double ToClean(
        PredictionType prediction,
        NoiseLevel level,
        double x,
        double value,
        double sigmaData = Preconditioning.DefaultSigmaData)
    {
        Preconditioning scalars = Preconditioning.For(prediction, level, 0, sigmaData);
        return (scalars.CSkip * x) + (scalars.COut * value);
    }

    /// <summary>
    /// The value of the given type that stands for a clean image: the inverse of <see cref="ToClean"/>.
    /// </summary>
    /// <param name="prediction">What to return.</param>
    /// <param name="level">The level of x, 0 &lt; α and 0 &lt; σ.</param>
    /// <param name="x">A value of x_t.</param>
    /// <param name="clean">A value of x_0.</param>
    /// <param name="sigmaData">The data's deviation for EDM.</param>
    public static double FromClean(
        PredictionType prediction,
        NoiseLevel level,
        double x,
        double clean,
        double sigmaData = Preconditioning.DefaultSigmaData)
    {
        Preconditioning scalars = Preconditioning.For(prediction, level, 0, sigmaData);
        return (clean - (scalars.CSkip * x)) / scalars.COut;
    }
}
