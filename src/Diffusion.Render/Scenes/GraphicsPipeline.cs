using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Scenes;

/// <summary>Creates graphics pipelines for dynamic rendering; viewport and scissor are dynamic.</summary>
internal static unsafe class GraphicsPipeline
{
    private const float DepthBias = 1.25f;
    private const float DepthBiasSlope = 1.75f;

    /// <summary>Creates a pipeline, named for its vertex shader.</summary>
    public static Pipeline Create(VulkanDevice device, Construction owner, in GraphicsPipelineInfo info)
    {
        using var modules = new Construction(device);
        ShaderModule vertex = ShaderLibrary.Load(device, modules, info.VertexShader);
        ShaderModule fragment = info.FragmentShader is null
            ? default
            : ShaderLibrary.Load(device, modules, info.FragmentShader);
        return owner.Own(Create(device, info, vertex, fragment), info.VertexShader);
    }

    private static Pipeline Create(
        VulkanDevice device, in GraphicsPipelineInfo info, ShaderModule vertex, ShaderModule fragment)
    {
        fixed (byte* entry = "main"u8)
        {
            PipelineShaderStageCreateInfo* stages = stackalloc PipelineShaderStageCreateInfo[2];
            stages[0] = Stage(ShaderStageFlags.VertexBit, vertex, entry);
            stages[1] = Stage(ShaderStageFlags.FragmentBit, fragment, entry);
            var binding = new VertexInputBindingDescription(0, (uint)sizeof(MeshVertex), VertexInputRate.Vertex);
            VertexInputAttributeDescription* attributes = stackalloc VertexInputAttributeDescription[4];
            attributes[0] = new VertexInputAttributeDescription(0, 0, Format.R32G32B32Sfloat, 0);
            attributes[1] = new VertexInputAttributeDescription(1, 0, Format.R32G32B32Sfloat, 12);
            attributes[2] = new VertexInputAttributeDescription(2, 0, Format.R32G32Sfloat, 24);
            attributes[3] = new VertexInputAttributeDescription(3, 0, Format.R32Sfloat, 32);

            // A depth-only pipeline takes the position alone: unused attributes would be reported.
            uint attributeCount = !info.HasVertices ? 0u : info.FragmentShader is null ? 1u : 4u;
            var input = new PipelineVertexInputStateCreateInfo
            {
                SType = StructureType.PipelineVertexInputStateCreateInfo,
                VertexBindingDescriptionCount = info.HasVertices ? 1u : 0u,
                PVertexBindingDescriptions = &binding,
                VertexAttributeDescriptionCount = attributeCount,
                PVertexAttributeDescriptions = attributes,
            };
            var assembly = new PipelineInputAssemblyStateCreateInfo
            {
                SType = StructureType.PipelineInputAssemblyStateCreateInfo,
                Topology = info.Topology,
            };
            PipelineRasterizationStateCreateInfo rasterization = Rasterization(info);
            var multisample = new PipelineMultisampleStateCreateInfo
            {
                SType = StructureType.PipelineMultisampleStateCreateInfo,
                RasterizationSamples = info.Samples,
            };
            var depth = new PipelineDepthStencilStateCreateInfo
            {
                SType = StructureType.PipelineDepthStencilStateCreateInfo,
                DepthTestEnable = info.TestsDepth,
                DepthWriteEnable = info.TestsDepth,
                DepthCompareOp = CompareOp.Less,
            };
            PipelineColorBlendAttachmentState blendAttachment = Blend(info.Blends);
            var blend = new PipelineColorBlendStateCreateInfo
            {
                SType = StructureType.PipelineColorBlendStateCreateInfo,
                AttachmentCount = info.ColourFormat == Format.Undefined ? 0u : 1u,
                PAttachments = &blendAttachment,
            };
            var viewport = new PipelineViewportStateCreateInfo
            {
                SType = StructureType.PipelineViewportStateCreateInfo,
                ViewportCount = 1,
                ScissorCount = 1,
            };
            DynamicState* dynamicStates = stackalloc DynamicState[] { DynamicState.Viewport, DynamicState.Scissor };
            var dynamic = new PipelineDynamicStateCreateInfo
            {
                SType = StructureType.PipelineDynamicStateCreateInfo,
                DynamicStateCount = 2,
                PDynamicStates = dynamicStates,
            };
            Format colourFormat = info.ColourFormat;
            var rendering = new PipelineRenderingCreateInfo
            {
                SType = StructureType.PipelineRenderingCreateInfo,
                ColorAttachmentCount = blend.AttachmentCount,
                PColorAttachmentFormats = &colourFormat,
                DepthAttachmentFormat = info.DepthFormat,
            };
            var create = new GraphicsPipelineCreateInfo
            {
                SType = StructureType.GraphicsPipelineCreateInfo,
                PNext = &rendering,
                StageCount = info.FragmentShader is null ? 1u : 2u,
                PStages = stages,
                PVertexInputState = &input,
                PInputAssemblyState = &assembly,
                PViewportState = &viewport,
                PRasterizationState = &rasterization,
                PMultisampleState = &multisample,
                PDepthStencilState = &depth,
                PColorBlendState = &blend,
                PDynamicState = &dynamic,
                Layout = info.Layout,
            };
            Pipeline pipeline;
            device.Api.CreateGraphicsPipelines(
                device.Handle, device.Pipelines.Handle, 1, &create, device.Allocator, &pipeline).Check();
            return pipeline;
        }
    }

    private static PipelineShaderStageCreateInfo Stage(
        ShaderStageFlags stage, ShaderModule module, byte* entry) => new()
        {
            SType = StructureType.PipelineShaderStageCreateInfo,
            Stage = stage,
            Module = module,
            PName = entry,
        };

    private static PipelineRasterizationStateCreateInfo Rasterization(in GraphicsPipelineInfo info) => new()
    {
        SType = StructureType.PipelineRasterizationStateCreateInfo,
        PolygonMode = PolygonMode.Fill,

        // Shadows take both sides: back faces alone let light in where a body meets the floor.
        CullMode = info.HasVertices && !info.BiasesDepth ? CullModeFlags.BackBit : CullModeFlags.None,
        FrontFace = FrontFace.CounterClockwise,
        LineWidth = 1,
        DepthBiasEnable = info.BiasesDepth,
        DepthBiasConstantFactor = DepthBias,
        DepthBiasSlopeFactor = DepthBiasSlope,
    };

    private static PipelineColorBlendAttachmentState Blend(bool enabled) => new()
    {
        BlendEnable = enabled,
        SrcColorBlendFactor = BlendFactor.SrcAlpha,
        DstColorBlendFactor = BlendFactor.OneMinusSrcAlpha,
        ColorBlendOp = BlendOp.Add,
        SrcAlphaBlendFactor = BlendFactor.One,
        DstAlphaBlendFactor = BlendFactor.OneMinusSrcAlpha,
        AlphaBlendOp = BlendOp.Add,
        ColorWriteMask = ColorComponentFlags.RBit | ColorComponentFlags.GBit | ColorComponentFlags.BBit |
            ColorComponentFlags.ABit,
    };
}
