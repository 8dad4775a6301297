using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>Vulkan's feature structures, linked, and their translation to <see cref="VulkanFeatures"/>.</summary>
/// <remarks>A feature more is a line in <see cref="Read"/> and one in <see cref="Write"/>. The structures point at each
/// other: a chain must not move once <see cref="Link"/> was called, so it stays a local.</remarks>
internal unsafe struct FeatureChain
{
    private PhysicalDeviceFeatures2 _core;
    private PhysicalDeviceVulkan12Features _vulkan12;
    private PhysicalDeviceVulkan13Features _vulkan13;
    private PhysicalDeviceCooperativeMatrixFeaturesKHR _matrices;

    /// <summary>Sets the types and links; the head is what Vulkan's structures point at.</summary>
    /// <param name="chain">A local.</param>
    /// <param name="extensions">Device extensions, whose structures are linked as well.</param>
    public static PhysicalDeviceFeatures2* Link(FeatureChain* chain, IEnumerable<string> extensions)
    {
        chain->_core.SType = StructureType.PhysicalDeviceFeatures2;
        chain->_core.PNext = &chain->_vulkan12;
        chain->_vulkan12.SType = StructureType.PhysicalDeviceVulkan12Features;
        chain->_vulkan12.PNext = &chain->_vulkan13;
        chain->_vulkan13.SType = StructureType.PhysicalDeviceVulkan13Features;
        chain->_matrices.SType = StructureType.PhysicalDeviceCooperativeMatrixFeaturesKhr;
        if (extensions.Contains(VulkanRequirements.CooperativeMatrixExtension))
        {
            chain->_vulkan13.PNext = &chain->_matrices;
        }

        return &chain->_core;
    }

    /// <summary>The features that are set.</summary>
    public readonly VulkanFeatures Read()
        => If(_core.Features.SamplerAnisotropy, VulkanFeatures.SamplerAnisotropy)
            | If(_vulkan12.TimelineSemaphore, VulkanFeatures.TimelineSemaphore)
            | If(_vulkan13.DynamicRendering, VulkanFeatures.DynamicRendering)
            | If(_vulkan13.Synchronization2, VulkanFeatures.Synchronization2)
            | If(_vulkan13.Maintenance4, VulkanFeatures.Maintenance4)
            | If(_core.Features.RobustBufferAccess, VulkanFeatures.RobustBufferAccess)
            | If(_vulkan12.ShaderFloat16, VulkanFeatures.ShaderFloat16)
            | If(_vulkan12.VulkanMemoryModel, VulkanFeatures.VulkanMemoryModel)
            | If(_vulkan12.VulkanMemoryModelDeviceScope, VulkanFeatures.VulkanMemoryModelDeviceScope)
            | If(_vulkan13.SubgroupSizeControl, VulkanFeatures.SubgroupSizeControl)
            | If(_vulkan13.ComputeFullSubgroups, VulkanFeatures.ComputeFullSubgroups)
            | If(_matrices.CooperativeMatrix, VulkanFeatures.CooperativeMatrix);

    /// <summary>Sets these features.</summary>
    public void Write(VulkanFeatures features)
    {
        _core.Features.SamplerAnisotropy = features.HasFlag(VulkanFeatures.SamplerAnisotropy);
        _core.Features.RobustBufferAccess = features.HasFlag(VulkanFeatures.RobustBufferAccess);
        _vulkan12.TimelineSemaphore = features.HasFlag(VulkanFeatures.TimelineSemaphore);
        _vulkan13.DynamicRendering = features.HasFlag(VulkanFeatures.DynamicRendering);
        _vulkan13.Synchronization2 = features.HasFlag(VulkanFeatures.Synchronization2);
        _vulkan13.Maintenance4 = features.HasFlag(VulkanFeatures.Maintenance4);
        _vulkan12.ShaderFloat16 = features.HasFlag(VulkanFeatures.ShaderFloat16);
        _vulkan12.VulkanMemoryModel = features.HasFlag(VulkanFeatures.VulkanMemoryModel);
        _vulkan12.VulkanMemoryModelDeviceScope = features.HasFlag(VulkanFeatures.VulkanMemoryModelDeviceScope);
        _vulkan13.SubgroupSizeControl = features.HasFlag(VulkanFeatures.SubgroupSizeControl);
        _vulkan13.ComputeFullSubgroups = features.HasFlag(VulkanFeatures.ComputeFullSubgroups);
        _matrices.CooperativeMatrix = features.HasFlag(VulkanFeatures.CooperativeMatrix);
    }

    private static VulkanFeatures If(bool isSet, VulkanFeatures feature) => isSet ? feature : VulkanFeatures.None;
}
