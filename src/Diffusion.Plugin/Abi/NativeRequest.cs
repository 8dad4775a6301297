using System.Runtime.InteropServices;

namespace Diffusion.Plugin.Abi;

/// <summary><c>diffusion_request</c>: what texture to generate.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeRequest
{
    public uint StructSize;
    public uint StructVersion;
    public int Width;
    public int Height;
    public byte* ClassName;
    public int ClassLabel;
    public uint Flags;
    public ulong Seed;
    public int OriginX;
    public int OriginY;
    public byte* Solver;
    public byte* Schedule;
    public byte* Spacing;
    public int Steps;
    public int ReadyWithinTicks;
    public int Priority;
    public uint Display;
    public float GuidanceScale;
    public float ThresholdRatio;
    public float* Image;
    public double Strength;
    public double GuidanceMinRatio;
    public double GuidanceMaxRatio;
    public double FadeMs;
    public ulong VariationSeed;
    public float Variation;
    public float SecondClassWeight;
    public byte* SecondClassName;
    public float* SecondClassMask;
    public int SecondClassLabel;
    public uint MeanColor;
    public float MeanColorStrength;
    public float PaletteStrength;
    public uint* Palette;
    public ulong PaletteCount;
    public float* Mask;
    public double Eta;
    public double Churn;
    public double ChurnMinSigma;
    public double ChurnMaxSigma;
    public double ChurnNoise;
    public double CorrectorSnr;
    public double* Times;
    public ulong TimeCount;
    public double EndTime;
}
