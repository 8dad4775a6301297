using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>What a device has of VK_KHR_cooperative_matrix.</summary>
internal static unsafe class CooperativeMatrices
{
    /// <summary>All that a kernel on cooperative matrices needs; one of them less is none.</summary>
    public const VulkanFeatures Features = VulkanFeatures.CooperativeMatrix | VulkanFeatures.ShaderFloat16
        | VulkanFeatures.VulkanMemoryModel | VulkanFeatures.VulkanMemoryModelDeviceScope
        | VulkanFeatures.SubgroupSizeControl | VulkanFeatures.ComputeFullSubgroups;

    /// <summary>The shapes of a device on which extension and features are enabled, in the driver's order.</summary>
    public static MatrixShape[] Shapes(VulkanDevice device)
    {
        var sizes = new PhysicalDeviceSubgroupSizeControlProperties
        {
            SType = StructureType.PhysicalDeviceSubgroupSizeControlProperties,
        };
        var matrices = new PhysicalDeviceCooperativeMatrixPropertiesKHR
        {
            SType = StructureType.PhysicalDeviceCooperativeMatrixPropertiesKhr,
            PNext = &sizes,
        };
        var properties = new PhysicalDeviceProperties2
        {
            SType = StructureType.PhysicalDeviceProperties2,
            PNext = &matrices,
        };
        device.Api.GetPhysicalDeviceProperties2(device.PhysicalDevice, &properties);
        ShaderStageFlags stages = matrices.CooperativeMatrixSupportedStages & sizes.RequiredSubgroupSizeStages;
        if (!stages.HasFlag(ShaderStageFlags.ComputeBit))
        {
            return [];
        }

        uint count = 0;
        device.Functions.GetCooperativeMatrixProperties(device.PhysicalDevice, &count, null).Check();
        var kinds = new CooperativeMatrixPropertiesKHR[count];
        kinds.AsSpan().Fill(
            new CooperativeMatrixPropertiesKHR { SType = StructureType.CooperativeMatrixPropertiesKhr });
        fixed (CooperativeMatrixPropertiesKHR* first = kinds)
        {
            device.Functions.GetCooperativeMatrixProperties(device.PhysicalDevice, &count, first).Check();
        }

        int subgroup = (int)device.Subgroups.SubgroupSize;
        return
        [
            .. kinds.Where(IsFloat).Select(kind =>
                new MatrixShape((int)kind.MSize, (int)kind.NSize, (int)kind.KSize, subgroup)).Distinct(),
        ];
    }

    private static bool IsFloat(CooperativeMatrixPropertiesKHR kind) =>
        kind is
        {
            AType: ComponentTypeKHR.Float16Khr,
            BType: ComponentTypeKHR.Float16Khr,
            CType: ComponentTypeKHR.Float32Khr,
            ResultType: ComponentTypeKHR.Float32Khr,
            Scope: ScopeKHR.SubgroupKhr,
        };
}
