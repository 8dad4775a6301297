using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>Creates compute pipelines.</summary>
internal static unsafe class ComputePipeline
{
    /// <summary>Creates a pipeline, not yet owned.</summary>
    /// <param name="device">Device.</param>
    /// <param name="layout">Pipeline layout.</param>
    /// <param name="shader">File name in shaders/, such as "planar_to_rgba.comp".</param>
    /// <param name="flags">How it may be used.</param>
    /// <param name="constants">Specialisation constants, or null for the shader's own.</param>
    /// <param name="subgroup">Invocations of a subgroup, each of them full; 0 leaves that to the driver. Needs
    /// <see cref="CooperativeMatrices.Features"/>.</param>
    public static Pipeline Create(
        VulkanDevice device, PipelineLayout layout, string shader, PipelineCreateFlags flags = 0,
        SpecializationInfo* constants = null, uint subgroup = 0)
    {
        using var modules = new Construction(device);
        ShaderModule module = ShaderLibrary.Load(device, modules, shader);
        var size = new PipelineShaderStageRequiredSubgroupSizeCreateInfo
        {
            SType = StructureType.PipelineShaderStageRequiredSubgroupSizeCreateInfo,
            RequiredSubgroupSize = subgroup,
        };
        fixed (byte* entry = "main"u8)
        {
            var info = new ComputePipelineCreateInfo
            {
                SType = StructureType.ComputePipelineCreateInfo,
                Flags = flags,
                Layout = layout,
                Stage = new PipelineShaderStageCreateInfo
                {
                    SType = StructureType.PipelineShaderStageCreateInfo,
                    PNext = subgroup == 0 ? null : &size,
                    Flags = subgroup == 0 ? 0 : PipelineShaderStageCreateFlags.RequireFullSubgroupsBit,
                    Stage = ShaderStageFlags.ComputeBit,
                    Module = module,
                    PName = entry,
                    PSpecializationInfo = constants,
                },
            };
            Pipeline pipeline;
            device.Api.CreateComputePipelines(
                device.Handle, device.Pipelines.Handle, 1, &info, device.Allocator, &pipeline).Check();
            return pipeline;
        }
    }
}
