using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Compute.Sampling;

/// <content>What the kernels are told of a step.</content>
internal sealed partial class DeviceSampleState
{
    // The equations are in the shaders; here is only where things lie.
    private StepParameters Describe(in FusedStep fused, int slot, NoiseSource noise, int stepNumber)
    {
        int outputLength = (int)(_buffers.Output.SizeInBytes / sizeof(float)) / _buffers.Batch;
        if (fused.IsVarianceLearned && outputLength < 2 * Samples.PlaneLength)
        {
            throw new ArgumentException(
                $"The step reads a variance, and the network makes {outputLength} values of {Samples.PlaneLength}.");
        }

        StepParameters parameters = Common(noise, stepNumber);
        parameters.Flags = (fused.DrawsNoise ? StepFlags.DrawsNoise : 0)
            | (_options.Guided && fused.Guidance != 1 ? StepFlags.Guided : 0)
            | (_options.Mixed ? StepFlags.Mixed : 0)
            | (_hasClassMask ? StepFlags.HasClassMask : 0)
            | (fused.Colours?.Covariance is not null ? StepFlags.MatchesSpread : 0)
            | (float.IsFinite(fused.ClampLimit) ? StepFlags.Clamped : 0)
            | (fused.IsVarianceLearned ? StepFlags.VarianceLearned : 0)
            | (fused.Langevin > 0 ? StepFlags.Langevin : 0)
            | (_keepsPixels ? StepFlags.KeepsPixels : 0);
        parameters.Current = _samples.OffsetOf(Samples.CurrentSlot, isDenoised: false);
        parameters.Next = _samples.OffsetOf(slot, isDenoised: false);
        parameters.Denoised = _samples.OffsetOf(slot, isDenoised: true);

        // The classes first, the null class last; with a learned variance the mean first, the variance second.
        parameters.SecondOutput = (uint)outputLength;
        parameters.NullOutput = (uint)((_buffers.Batch - 1) * outputLength);
        parameters.SecondWeight = fused.SecondWeight;
        parameters.Variance = (uint)Samples.PlaneLength;
        parameters.SkipFactor = fused.SkipFactor;
        parameters.OutputFactor = fused.OutputFactor;
        parameters.Guidance = fused.Guidance;
        parameters.ClampLimit = fused.ClampLimit;
        parameters.SampleFactor = fused.SampleFactor;
        parameters.DenoisedFactor = fused.DenoisedFactor;
        parameters.NoiseFactor = fused.NoiseFactor;
        parameters.LogVarianceLow = fused.LogVarianceLow;
        parameters.LogVarianceHigh = fused.LogVarianceHigh;
        parameters.Langevin = (float)fused.Langevin;
        parameters.ThresholdLimit = fused.ThresholdLimit;
        parameters.ThresholdRank =
            (uint)Math.Min((int)(fused.ThresholdRatio * Samples.PlaneLength), Samples.PlaneLength - 1);
        if (fused.Colours is { } colours)
        {
            Describe(colours, fused, ref parameters);
        }

        parameters.TermCount = (uint)fused.TermCount;
        for (int i = 0; i < fused.TermCount; i++)
        {
            FusedStep.Term term = fused.Terms[i];
            parameters.Offsets[i] = _samples.OffsetOf(term.Slot, term.IsDenoised);
            parameters.Factors[i] = term.Factor;
        }

        return parameters;
    }

    private static void Describe(ColourTarget colours, in FusedStep fused, ref StepParameters parameters)
    {
        parameters.ColourStrength = colours.Strength;
        parameters.SpreadStrength = colours.Strength * fused.SpreadShare;

        // Of both kinds of range: where D is thresholded the clamp is off, and its end is the other one's.
        float limit = MathF.Min(fused.ClampLimit, fused.ThresholdLimit);
        parameters.ColourLimit = float.IsFinite(limit) ? limit : float.MaxValue;
        for (int channel = 0; channel < SampleRing.Channels; channel++)
        {
            parameters.ColourMean[channel] = colours.Mean[channel];
        }

        if (colours.Covariance is { } spread)
        {
            ReadOnlySpan<float> values =
                [spread.RedRed, spread.RedGreen, spread.RedBlue, spread.GreenGreen, spread.GreenBlue, spread.BlueBlue];
            values.CopyTo(parameters.ColourCovariance);
        }
    }

    private StepParameters Common(NoiseSource noise, int step) => new()
    {
        VariationSeedLow = (uint)noise.VariationSeed,
        VariationSeedHigh = (uint)(noise.VariationSeed >> 32),
        OwnNoise = noise.Weights.Own,
        OtherNoise = noise.Weights.Other,
        Width = (uint)Samples.Width,
        Height = (uint)Samples.Height,
        SeedLow = (uint)noise.Seed,
        SeedHigh = (uint)(noise.Seed >> 32),
        OriginX = (uint)noise.OriginX,
        OriginY = (uint)noise.OriginY,
        StepNumber = (uint)step,
        ChainWord = noise.Chain << 8,
        Image = _samples.ImageOffset,
        Mask = _samples.MaskOffset,
    };
}
