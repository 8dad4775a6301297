using Silk.NET.Vulkan;

namespace Diffusion.Render.Scenes;

/// <summary>What differs between this library's graphics pipelines.</summary>
/// <param name="VertexShader">File name in shaders/.</param>
/// <param name="FragmentShader">File name in shaders/, or null for depth alone.</param>
/// <param name="Layout">Pipeline layout.</param>
internal readonly record struct GraphicsPipelineInfo(string VertexShader, string? FragmentShader, PipelineLayout Layout)
{
    /// <summary>Colour format, or <see cref="Format.Undefined"/> for none.</summary>
    public Format ColourFormat { get; init; } = Format.Undefined;

    /// <summary>Depth format, or <see cref="Format.Undefined"/> for none.</summary>
    public Format DepthFormat { get; init; } = Format.Undefined;

    public SampleCountFlags Samples { get; init; } = SampleCountFlags.Count1Bit;

    public PrimitiveTopology Topology { get; init; } = PrimitiveTopology.TriangleList;

    /// <summary>Reads <see cref="MeshVertex"/>; else the shader makes its vertices itself.</summary>
    public bool HasVertices { get; init; }

    public bool TestsDepth { get; init; }

    public bool Blends { get; init; }

    /// <summary>Pushes depth away along slopes, for shadow maps.</summary>
    public bool BiasesDepth { get; init; }
}
