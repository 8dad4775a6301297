using System.Runtime.InteropServices;

namespace Diffusion.Plugin.Abi;

/// <summary><c>diffusion_vulkan_requirements</c>: what a Vulkan device must offer.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeVulkanRequirements
{
    public uint StructSize;
    public uint StructVersion;
    public uint ApiVersion;
    public uint QueueFlags;
    public uint InstanceExtensionCount;
    public uint DeviceExtensionCount;
    public uint OptionalDeviceExtensionCount;
    public uint FeatureCount;
    public uint OptionalFeatureCount;
    public uint OptionalInstanceExtensionCount;
    public byte** InstanceExtensions;
    public byte** OptionalInstanceExtensions;
    public byte** DeviceExtensions;
    public byte** OptionalDeviceExtensions;
    public byte** Features;
    public byte** OptionalFeatures;
}
