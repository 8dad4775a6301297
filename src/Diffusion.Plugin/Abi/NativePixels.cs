using System.Runtime.InteropServices;

namespace Diffusion.Plugin.Abi;

/// <summary><c>diffusion_pixels</c>: where pixels are read to.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativePixels
{
    public uint StructSize;
    public uint StructVersion;
    public void* Data;
    public ulong DataSize;
    public uint RowPitch;
    public uint Display;
    public ulong Generation;
    public double Alpha;
    public double Sigma;
    public int Step;
    public uint Reserved;
}
