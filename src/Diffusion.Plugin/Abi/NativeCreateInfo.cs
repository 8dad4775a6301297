using System.Runtime.InteropServices;

namespace Diffusion.Plugin.Abi;

/// <summary><c>diffusion_create_info</c>: how a runtime is made.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeCreateInfo
{
    public uint StructSize;
    public uint StructVersion;
    public uint Flags;
    public uint ForcedSliceTicks;
    public double CostQuantile;
    public byte* DeviceName;
    public NativeVulkanHost* Vulkan;
    public delegate* unmanaged[Cdecl]<void*, uint, byte*, void> Log;
    public void* LogUser;
    public byte* PipelineCacheFolder;
    public byte* Backend;
}
