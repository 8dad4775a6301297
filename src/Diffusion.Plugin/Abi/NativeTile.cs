using System.Runtime.InteropServices;

namespace Diffusion.Plugin.Abi;

/// <summary><c>diffusion_tile</c>: where a tile stands.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeTile
{
    /// <summary>Bytes of <see cref="Failure"/>.</summary>
    public const int FailureLength = 256;

    public uint StructSize;
    public uint StructVersion;
    public uint Status;
    public uint Reserved;
    public ulong Texture;
    public fixed byte Failure[FailureLength];
}
