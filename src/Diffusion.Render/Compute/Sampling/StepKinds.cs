namespace Diffusion.Render.Compute.Sampling;

/// <summary>The properties of a step that change how often its kernels go over the image.</summary>
/// <param name="IsThresholded">Dynamic thresholding needs a rank of all |D|.</param>
/// <param name="IsLangevin">A Langevin step needs the norms of noise and score.</param>
/// <param name="IsRecoloured">Given colours need mean and covariance of D.</param>
internal readonly record struct StepKinds(bool IsThresholded, bool IsLangevin, bool IsRecoloured)
{
    /// <summary>How many kinds there are.</summary>
    public const int Count = 8;

    // The bits of WORK in sample_step.comp.
    public const uint Estimate = 1;
    public const uint Scale = 2;
    public const uint Update = 4;
    public const uint Sums = 8;
    public const uint Keep = 16;
    public const uint Moments = 32;
    public const uint Recolour = 64;

    /// <summary>All in one pass.</summary>
    public static StepKinds None => default;

    /// <summary>0 to <see cref="Count"/> - 1.</summary>
    public int Index => (IsThresholded ? 1 : 0) + (IsLangevin ? 2 : 0) + (IsRecoloured ? 4 : 0);
}
