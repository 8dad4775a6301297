using System.Runtime.InteropServices;

namespace Diffusion.Plugin.Abi;

/// <summary><c>diffusion_surface_settings</c>: what a surface is made of.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeSurfaceSettings
{
    public uint StructSize;
    public uint StructVersion;
    public NativeRequest* Style;
    public int Overlap;
    public int TilesInWork;
    public double Departure;
}
