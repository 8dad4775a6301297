using System.Runtime.InteropServices;

namespace Diffusion.Plugin.Abi;

/// <summary><c>diffusion_model</c>: where a model lies, on disk or in memory.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeModel
{
    public uint StructSize;
    public uint StructVersion;
    public byte* Path;
    public ulong FileCount;
    public NativeModelFile* Files;
}
