using System.Runtime.InteropServices;

namespace Diffusion.Plugin.Abi;

/// <summary><c>diffusion_model_file</c>: a file of a model in the host's memory.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeModelFile
{
    public uint StructSize;
    public uint StructVersion;
    public byte* Name;
    public void* Data;
    public ulong Size;
}
