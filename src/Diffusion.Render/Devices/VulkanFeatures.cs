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

    /// <summary>shaderFloat16 of VkPhysicalDeviceVulkan12Features.</summary>
    ShaderFloat16 = 1 << 6,

    /// <summary>vulkanMemoryModel of VkPhysicalDeviceVulkan12Features.</summary>
    VulkanMemoryModel = 1 << 7,

    /// <summary>
    /// vulkanMemoryModelDeviceScope of VkPhysicalDeviceVulkan12Features: atomics need it once
    /// <see cref="VulkanMemoryModel"/> is enabled.
    /// </summary>
    VulkanMemoryModelDeviceScope = 1 << 8,

    /// <summary>subgroupSizeControl of VkPhysicalDeviceVulkan13Features.</summary>
    SubgroupSizeControl = 1 << 9,

    /// <summary>computeFullSubgroups of VkPhysicalDeviceVulkan13Features.</summary>
    ComputeFullSubgroups = 1 << 10,

    /// <summary>
    /// cooperativeMatrix of VkPhysicalDeviceCooperativeMatrixFeaturesKHR, with
    /// <see cref="VulkanRequirements.CooperativeMatrixExtension"/>: subgroups multiply small matrices together.
    /// </summary>
    CooperativeMatrix = 1 << 11,
}
