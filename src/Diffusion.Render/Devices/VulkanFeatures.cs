namespace Diffusion.Render.Devices;

/// <summary>Device features by the names that Vulkan gives them.</summary>
[Flags]
public enum VulkanFeatures
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>samplerAnisotropy of VkPhysicalDeviceFeatures.</summary>
    SamplerAnisotropy = 1 << 0,

    /// <summary>timelineSemaphore of VkPhysicalDeviceVulkan12Features.</summary>
    TimelineSemaphore = 1 << 1,

    /// <summary>dynamicRendering of VkPhysicalDeviceVulkan13Features.</summary>
    DynamicRendering = 1 << 2,

    /// <summary>synchronization2 of VkPhysicalDeviceVulkan13Features.</summary>
    Synchronization2 = 1 << 3,

    /// <summary>maintenance4 of VkPhysicalDeviceVulkan13Features: admits the LocalSizeId that glslang writes.</summary>
    Maintenance4 = 1 << 4,

    /// <summary>robustBufferAccess of VkPhysicalDeviceFeatures: accesses beyond a bound range do no harm.</summary>
    RobustBufferAccess = 1 << 5,
}
