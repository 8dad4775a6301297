using System.Runtime.CompilerServices;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Backends;

/// <summary>
/// A step as a kernel executes it: F to D, then x' = a·x + c·D + s·z + Σ f_i·image_i, in float32 with every image by
/// its slot of the ring.
/// </summary>
/// <remarks>What the host's kernel and a device's have in common. Pure data; any thread.</remarks>
public struct FusedStep
{
    /// <summary>The most images of earlier steps that an update reads.</summary>
    public const int MaxTerms = 2 * (LinearStep.MaxDenoised - 1);

    /// <summary>cSkip in D = cSkip·x + cOut·F. [Karras22, Eq. 7]</summary>
    public float SkipFactor;

    /// <summary>cOut.</summary>
    public float OutputFactor;

    /// <summary>w in F = F_null + w·(F_class - F_null). [HoSalimans22, Eq. 6]</summary>
    public float Guidance;

    /// <summary>D is clamped to it; infinite for none.</summary>
    public float ClampLimit;

    /// <summary>Above 0, the share of |D| by which thresholding scales into <see cref="ThresholdLimit"/>.</summary>
    public float ThresholdRatio;

    /// <summary>Where thresholding scales to; finite.</summary>
    public float ThresholdLimit;

    /// <summary>m of the second class, where there is one and no mask.</summary>
    public float SecondWeight;

    /// <summary>The colours that D is given, or null.</summary>
    public ColourTarget? Colours;

    /// <summary>How much of the covariance of colours is matched: <see cref="ColourMatch.SpreadShare"/>.</summary>
    public float SpreadShare;

    /// <summary>a; of a Langevin step the score's factor of x.</summary>
    public float SampleFactor;

    /// <summary>c; of a Langevin step the score's factor of D.</summary>
    public float DenoisedFactor;

    /// <summary>s; 1 where the network's variance scales the noise.</summary>
    public float NoiseFactor;

    /// <summary>Whether z is drawn at all.</summary>
    public bool DrawsNoise;

    /// <summary>Whether the network's variance scales z. [Nichol21, Eq. 15]</summary>
    public bool IsVarianceLearned;

    /// <summary>Logarithm of the least variance.</summary>
    public float LogVarianceLow;

    /// <summary>Logarithm of the largest variance.</summary>
    public float LogVarianceHigh;

    /// <summary>2·r² of a Langevin step, or 0: <see cref="LinearStep.Langevin"/>.</summary>
    public double Langevin;

    /// <summary>The images of earlier steps, <see cref="TermCount"/> of them.</summary>
    public TermList Terms;

    /// <summary>How many.</summary>
    public int TermCount;

    /// <summary>Finds the images in a ring.</summary>
    /// <param name="ring">Holds x_t in its current slot.</param>
    /// <param name="evaluation">Preconditioning, guidance and clamp.</param>
    /// <param name="step">The solver's coefficients.</param>
    /// <exception cref="ArgumentException">The step reads beyond the ring's history or the chain's start.</exception>
    public static FusedStep Of(SampleRing ring, in Evaluation evaluation, in LinearStep step)
    {
        ArgumentNullException.ThrowIfNull(ring);

        // Scaling into an infinite range changes nothing.
        bool isThresholded = evaluation.ThresholdRatio > 0;
        FusedStep fused = new()
        {
            SkipFactor = (float)evaluation.Preconditioning.CSkip,
            OutputFactor = (float)evaluation.Preconditioning.COut,
            Guidance = evaluation.GuidanceScale,
            ClampLimit = isThresholded ? float.PositiveInfinity : evaluation.ClampLimit,
            ThresholdRatio = float.IsFinite(evaluation.ClampLimit) ? evaluation.ThresholdRatio : 0,
            ThresholdLimit = evaluation.ClampLimit,
            SecondWeight = evaluation.SecondWeight,
            Colours = evaluation.Colours is { Strength: > 0 } colours ? colours : null,
            SpreadShare = ColourMatch.SpreadShare(step.Target),
            SampleFactor = (float)step.Sample,
            DenoisedFactor = (float)step.Denoised[0],
            NoiseFactor = step.LearnedVariance ? 1 : (float)step.Noise,
            DrawsNoise = step.LearnedVariance || step.Noise != 0 || step.Langevin > 0,
            IsVarianceLearned = step.LearnedVariance,
            LogVarianceLow = (float)step.LogVarianceLow,
            LogVarianceHigh = (float)step.LogVarianceHigh,
            Langevin = step.Langevin,
        };
        for (int k = 1; k < LinearStep.MaxDenoised; k++)
        {
            fused.AddTerm(ring, k, isSample: false, step.Denoised[k]);
            fused.AddTerm(ring, k, isSample: true, step.EarlierSamples[k - 1]);
        }

        return fused;
    }

    // D_k lies beside the sample that it led to, x_(k-1).
    private void AddTerm(SampleRing ring, int age, bool isSample, double factor)
    {
        if (factor == 0)
        {
            return;
        }

        int slot = ring.HistorySlot(isSample ? age : age - 1);
        if (slot < 0)
        {
            throw new ArgumentException(
                $"The step reads {(isSample ? "x" : "D")}_{age}, which is older than the ring's history or the chain.");
        }

        Terms[TermCount++] = new Term(slot, !isSample, (float)factor);
    }

    /// <summary>An image of an earlier step and its factor.</summary>
    /// <param name="Slot">Its slot.</param>
    /// <param name="IsDenoised">Whether it is the slot's D and not its x.</param>
    /// <param name="Factor">f.</param>
    public readonly record struct Term(int Slot, bool IsDenoised, float Factor);

    /// <summary>Room for all terms, inline so that a step allocates nothing.</summary>
    [InlineArray(MaxTerms)]
    public struct TermList
    {
        private Term _first;
    }
}
