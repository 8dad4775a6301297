using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Noise;

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
            | (_buffers.Batch == 2 ? StepFlags.Guided : 0)
            | (float.IsFinite(fused.ClampLimit) ? StepFlags.Clamped : 0)
            | (fused.IsVarianceLearned ? StepFlags.VarianceLearned : 0)
            | (fused.Langevin > 0 ? StepFlags.Langevin : 0);
        parameters.Current = _samples.OffsetOf(Samples.CurrentSlot, isDenoised: false);
        parameters.Next = _samples.OffsetOf(slot, isDenoised: false);
        parameters.Denoised = _samples.OffsetOf(slot, isDenoised: true);

        // The class first, the null class second; with a learned variance the mean first, the variance second.
        parameters.NullOutput = (uint)outputLength;
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
        parameters.TermCount = (uint)fused.TermCount;
        for (int i = 0; i < fused.TermCount; i++)
        {
            FusedStep.Term term = fused.Terms[i];
            parameters.Offsets[i] = _samples.OffsetOf(term.Slot, term.IsDenoised);
            parameters.Factors[i] = term.Factor;
        }

        return parameters;
    }

    private StepParameters Common(NoiseSource noise, int step) => new()
    {
        Width = (uint)Samples.Width,
        Height = (uint)Samples.Height,
        SeedLow = (uint)noise.Seed,
        SeedHigh = (uint)(noise.Seed >> 32),
        OriginX = (uint)noise.OriginX,
        OriginY = (uint)noise.OriginY,
        StepNumber = (uint)step,
        ChainWord = noise.Chain << 8,
    };
}
