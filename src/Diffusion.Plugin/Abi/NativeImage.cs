using System.Runtime.InteropServices;

namespace Diffusion.Plugin.Abi;

/// <summary><c>diffusion_image</c>: an image on loan.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeImage
{
    public uint StructSize;
    public uint StructVersion;
    public ulong Image;
    public ulong View;
    public ulong Semaphore;
    public ulong ReadyValue;
    public uint Format;
    public uint Layout;
    public uint Width;
    public uint Height;
    public uint MipLevels;
    public int Step;
    public ulong Generation;
    public double Alpha;
    public double Sigma;
    public ulong Texture;
    public ulong Loan;
}
