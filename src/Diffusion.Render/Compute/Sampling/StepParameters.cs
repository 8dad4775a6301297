using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Diffusion.Runtime.Backends;

namespace Diffusion.Render.Compute.Sampling;

/// <summary>What the kernels of a step are told, as <c>shaders/compute/sample.glsl</c> lays it out.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct StepParameters
{
    public StepFlags Flags;
    public uint Width;
    public uint Height;
    public uint Current;
    public uint Next;
    public uint Denoised;
    public uint NullOutput;
    public uint Variance;
    public uint SeedLow;
    public uint SeedHigh;
    public uint OriginX;
    public uint OriginY;
    public uint StepNumber;
    public uint ChainWord;
    public float SkipFactor;
    public float OutputFactor;
    public float Guidance;
    public float ClampLimit;
    public float SampleFactor;
    public float DenoisedFactor;
    public float NoiseFactor;
    public float LogVarianceLow;
    public float LogVarianceHigh;
    public float Langevin;
    public float ThresholdLimit;
    public uint ThresholdRank;
    public float InputScale;
    public uint Batch;
    public uint ConditioningLength;
    public uint TermCount;
    public TermOffsets Offsets;
    public TermFactors Factors;
    public uint VariationSeedLow;
    public uint VariationSeedHigh;
    public float OwnNoise;
    public float OtherNoise;
    public uint SecondOutput;
    public float SecondWeight;
    public float ColourLimit;
    public float ColourStrength;
    public float SpreadStrength;
    public ColourValues ColourMean;
    public SpreadValues ColourCovariance;
    public uint Image;
    public uint Mask;

    [InlineArray(FusedStep.MaxTerms)]
    public struct TermOffsets
    {
        private uint _first;
    }

    [InlineArray(3)]
    public struct ColourValues
    {
        private float _first;
    }

    [InlineArray(6)]
    public struct SpreadValues
    {
        private float _first;
    }

    [InlineArray(FusedStep.MaxTerms)]
    public struct TermFactors
    {
        private float _first;
    }
}
