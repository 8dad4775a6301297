using System.Runtime.InteropServices;

namespace Diffusion.Plugin.Abi;

/// <summary><c>diffusion_vulkan_host</c>: the host's Vulkan objects.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeVulkanHost
{
    public uint StructSize;
    public uint StructVersion;
    public void* Instance;
    public void* PhysicalDevice;
    public void* Device;
    public void* Queue;
    public void* GetInstanceProcAddr;
    public delegate* unmanaged[Cdecl]<void*, void> LockQueue;
    public delegate* unmanaged[Cdecl]<void*, void> UnlockQueue;
    public void* QueueUser;
    public uint QueueFamily;
    public uint InstanceExtensionCount;
    public uint DeviceExtensionCount;
    public uint FeatureCount;
    public byte** InstanceExtensions;
    public byte** DeviceExtensions;
    public byte** Features;
    public void* Allocator;
    public void* ComputeQueue;
    public delegate* unmanaged[Cdecl]<void*, void> LockComputeQueue;
    public delegate* unmanaged[Cdecl]<void*, void> UnlockComputeQueue;
    public void* ComputeQueueUser;
    public uint ComputeQueueFamily;
    public uint Reserved;
}
