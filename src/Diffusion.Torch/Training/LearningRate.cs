namespace Diffusion.Torch.Training;

/// <summary>Linear warm-up, then half a cosine down to 0. [Loshchilov17, Eq. 5]</summary>
internal static class LearningRate
{
    /// <summary>The rate of one iteration.</summary>
    /// <param name="options">Highest rate, warm-up and budget.</param>
    /// <param name="iteration">The iteration's number, from 1.</param>
    /// <param name="elapsed">Training time before it, over all resumed runs.</param>
    public static double At(TrainingOptions options, long iteration, TimeSpan elapsed)
    {
        var warmup = Math.Min(1, (double)iteration / Math.Max(1, options.WarmupIterations));
        return options.LearningRate * warmup * 0.5 * (1 + Math.Cos(Math.PI * Progress(options, iteration, elapsed)));
    }

    /// <summary>The share of the run that is over, in [0, 1]: of iterations or of time, whichever is more.</summary>
    public static double Progress(TrainingOptions options, long iteration, TimeSpan elapsed)
    {
        var ofIterations = (double)iteration / options.Iterations;
        var ofTime = options.Duration is { } duration ? elapsed / duration : 0;
        return Math.Min(1, Math.Max(ofIterations, ofTime));
    }
}
