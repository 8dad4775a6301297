using Diffusion.Runtime.Denoising;

namespace Diffusion.Runtime.Backends;

/// <summary>What a network evaluation is asked: noise level, classes, guidance, colours and clamp.</summary>
/// <param name="Preconditioning">How the network's output becomes the clean estimate.</param>
/// <param name="ClassLabel">The class, or -1 for a network without classes.</param>
/// <param name="NullLabel">The label of "no class" for guidance, or -1 where the network has none.</param>
/// <param name="GuidanceScale">w in F = F_null + w·(F_class - F_null); 1 is no guidance. [HoSalimans22, Eq. 6]</param>
/// <param name="ClampLimit">D is clamped to [-limit, limit]; infinity leaves it alone.</param>
/// <param name="ThresholdRatio">
/// Above 0, the share of |D| by which dynamic thresholding scales D into the limit instead, in (0, 1].
/// [Saharia22, Sec. 2.3]
/// </param>
public readonly record struct Evaluation(
    Preconditioning Preconditioning,
    int ClassLabel,
    int NullLabel,
    float GuidanceScale,
    float ClampLimit,
    float ThresholdRatio = 0)
{
    /// <summary>Whether an estimate for no class is needed.</summary>
    public bool IsGuided => GuidanceScale != 1;

    /// <summary>The class that is mixed in, for a session with <see cref="SessionOptions.Mixed"/>; else -1.</summary>
    public int SecondLabel { get; init; } = -1;

    /// <summary>
    /// m in F = (1-m)·F_1 + m·F_2, in [0, 1], where no mask was given: <see cref="IDenoiserSession.SetClassMask"/>.
    /// </summary>
    public float SecondWeight { get; init; }

    /// <summary>The colours that D is given, or null for its own.</summary>
    public ColourTarget? Colours { get; init; }
}
