using System.Runtime.InteropServices;

namespace Diffusion.Plugin.Abi;

/// <summary><c>diffusion_model_info</c>: what the loaded model is.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeModelInfo
{
    public uint StructSize;
    public uint StructVersion;
    public int ClassCount;
    public int Stride;
    public int SampleSize;
    public uint HasGuidance;
}
