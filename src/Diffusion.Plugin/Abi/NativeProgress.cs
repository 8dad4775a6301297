using System.Runtime.InteropServices;

namespace Diffusion.Plugin.Abi;

/// <summary><c>diffusion_progress</c>: how far a texture is.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeProgress
{
    /// <summary>Bytes of <see cref="Failure"/>.</summary>
    public const int FailureLength = 256;

    public uint StructSize;
    public uint StructVersion;
    public uint Status;
    public int Step;
    public int StepCount;
    public uint Reserved;
    public double Alpha;
    public double Sigma;
    public ulong Generation;
    public fixed byte Failure[FailureLength];
}
