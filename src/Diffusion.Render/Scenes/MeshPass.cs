using System.Numerics;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Scenes;

/// <summary>
/// Draws lit meshes with shared textures over a backdrop: a key light with shadows, a sky, fog, film tones.
/// </summary>
/// <remarks>Between <see cref="FrameRenderer.TryBeginFrame"/> and <see cref="FrameRenderer.EndFrame"/> call
/// <see cref="Draw(Mesh, in Matrix4x4, SharedTexture?, float)"/>; each frame starts empty. One thread. Nothing is
/// allocated per frame.</remarks>
public sealed unsafe partial class MeshPass : IFramePass, IDisposable
{
    private const Format ShadowFormat = Format.D32Sfloat;
    private const ShaderStageFlags Stages = ShaderStageFlags.VertexBit | ShaderStageFlags.FragmentBit;

    // Until its first sample a texture shows nothing; the surface stays dark instead of flashing white.
    private const float PendingBrightness = 0.18f;

    private static readonly DescriptorType[] _sceneTypes =
        [DescriptorType.UniformBuffer, DescriptorType.CombinedImageSampler];

    private readonly VulkanDevice _device;
    private readonly SceneAttachments _attachments;
    private readonly TextureSets _textures;
    private readonly GpuImage _shadowMap;
    private readonly GpuImage _white;
    private readonly Sampler _shadowSampler;
    private readonly GpuBuffer[] _uniforms = new GpuBuffer[FrameRenderer.FramesInFlight];
    private readonly DescriptorSet[] _sceneSets = new DescriptorSet[FrameRenderer.FramesInFlight];
    private readonly DescriptorSetLayout _sceneLayout;
    private readonly DescriptorPool _pool;
    private readonly PipelineLayout _layout;
    private readonly Pipeline _meshPipeline;
    private readonly Pipeline _shadowPipeline;
    private readonly Pipeline _backgroundPipeline;
    private readonly DrawItem[] _items;
    private readonly OwnedHandles _owned;
    private int _count;
    private bool _whiteIsReady;
    private bool _disposed;

    /// <summary>Creates pipelines and the shadow map.</summary>
    /// <param name="device">Device.</param>
    /// <param name="format">Format of the target, <see cref="FrameTarget.Format"/>.</param>
    /// <param name="options">Quality; null for the defaults.</param>
    public MeshPass(VulkanDevice device, Format format, MeshPassOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        options ??= new MeshPassOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ShadowMapSize, 16);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Capacity);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Anisotropy, 1);
        _device = device;
        _items = new DrawItem[options.Capacity];
        using var made = new Construction(device);
        _attachments = made.Own(new SceneAttachments(device, format, SupportedSamples(device, options.Samples)));
        _textures = made.Own(new TextureSets(device, options));
        _shadowMap = made.Own(new GpuImage(
            device,
            new GpuImageInfo(
                new Extent2D((uint)options.ShadowMapSize, (uint)options.ShadowMapSize), ShadowFormat,
                ImageUsageFlags.DepthStencilAttachmentBit | ImageUsageFlags.SampledBit)
            {
                Aspect = ImageAspectFlags.DepthBit,
            },
            "shadow map"));
        _white = made.Own(new GpuImage(
            device,
            new GpuImageInfo(
                new Extent2D(1, 1), Format.R8G8B8A8Srgb, ImageUsageFlags.SampledBit | ImageUsageFlags.TransferDstBit),
            "white"));
        _shadowSampler = made.Own(Samplers.CreateShadow(device), "shadow sampler");
        _sceneLayout = made.Own(Descriptors.CreateLayout(device, _sceneTypes, Stages), "scene");
        _pool = made.Own(Descriptors.CreatePool(device, _sceneTypes, FrameRenderer.FramesInFlight), "scene");
        for (int i = 0; i < FrameRenderer.FramesInFlight; i++)
        {
            _uniforms[i] = made.Own(GpuBuffer.Upload(
                device, (ulong)sizeof(SceneUniforms), BufferUsageFlags.UniformBufferBit, $"scene {i}"));
            _sceneSets[i] = Descriptors.Allocate(device, _pool, _sceneLayout, $"scene {i}");
            Descriptors.WriteBuffer(device, _sceneSets[i], 0, DescriptorType.UniformBuffer, _uniforms[i]);
            Descriptors.WriteTexture(device, _sceneSets[i], 1, _shadowMap.View, _shadowSampler);
        }

        _layout = made.Own(
            Descriptors.CreatePipelineLayout(device, [_sceneLayout, _textures.Layout], Stages, sizeof(DrawConstants)),
            "scene");
        var mesh = new GraphicsPipelineInfo("mesh.vert", "mesh.frag", _layout)
        {
            ColourFormat = format,
            DepthFormat = SceneAttachments.DepthFormat,
            Samples = _attachments.Samples,
            HasVertices = true,
            TestsDepth = true,
        };
        _meshPipeline = GraphicsPipeline.Create(device, made, mesh);
        _backgroundPipeline = GraphicsPipeline.Create(device, made, mesh with
        {
            VertexShader = "background.vert",
            FragmentShader = "background.frag",
            HasVertices = false,
        });
        _shadowPipeline = GraphicsPipeline.Create(device, made, new GraphicsPipelineInfo("shadow.vert", null, _layout)
        {
            DepthFormat = ShadowFormat,
            HasVertices = true,
            TestsDepth = true,
            BiasesDepth = true,
        });
        _owned = made.Complete();
    }

    /// <inheritdoc/>
    public string Name => "scene";

    /// <summary>The camera of the next frame ended.</summary>
    public Camera Camera { get; set; } = Camera.LookAt(new Vector3(0f, 1.5f, 4f), Vector3.Zero);

    /// <summary>Light and backdrop of the next frame ended.</summary>
    public SceneLight Light { get; set; } = new();

    /// <summary>Samples a pixel in use.</summary>
    public int Samples => (int)_attachments.Samples;

    /// <summary>Adds a mesh with <see cref="Material.Default"/> to the frame.</summary>
    /// <param name="mesh">Borrowed until the frame is done.</param>
    /// <param name="model">Model to world; row vectors, as System.Numerics has them.</param>
    /// <param name="texture">Its colour, or null for white.</param>
    /// <param name="uvScale">Repetitions of the texture for each unit of texture coordinates.</param>
    /// <exception cref="InvalidOperationException">The frame holds <see cref="MeshPassOptions.Capacity"/> draws
    /// already.</exception>
    public void Draw(Mesh mesh, in Matrix4x4 model, SharedTexture? texture = null, float uvScale = 1f)
        => Draw(mesh, model, texture, uvScale, Material.Default);

    /// <summary>Adds a mesh to the frame.</summary>
    /// <param name="mesh">Borrowed until the frame is done.</param>
    /// <param name="model">Model to world; row vectors, as System.Numerics has them.</param>
    /// <param name="texture">Its colour, or null for white.</param>
    /// <param name="uvScale">Repetitions of the texture for each unit of texture coordinates.</param>
    /// <param name="material">How it answers to light.</param>
    /// <exception cref="InvalidOperationException">The frame holds <see cref="MeshPassOptions.Capacity"/> draws
    /// already.</exception>
    public void Draw(Mesh mesh, in Matrix4x4 model, SharedTexture? texture, float uvScale, in Material material)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(mesh);

        // Here and not in Record, where a frame would be half recorded.
        ObjectDisposedException.ThrowIf(mesh.IsDisposed, mesh);
        ObjectDisposedException.ThrowIf(texture is { IsDisposed: true }, typeof(SharedTexture));
        if (_count == _items.Length)
        {
            throw new InvalidOperationException(
                $"A frame holds at most {_items.Length} draws (MeshPassOptions.Capacity).");
        }

        _items[_count++] = new DrawItem(mesh, model, texture, uvScale, material);
    }

    /// <inheritdoc/>
    public void Begin(in Frame frame)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _count = 0;
        _textures.Begin(frame.Slot);
    }

    /// <summary>Frees everything once the device is done with it.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _attachments.Dispose();
        _textures.Dispose();
        _shadowMap.Dispose();
        _white.Dispose();
        foreach (GpuBuffer uniforms in _uniforms)
        {
            uniforms.Dispose();
        }

        _owned.Dispose();
    }

    private static int SupportedSamples(VulkanDevice device, int wanted)
    {
        if (wanted is not (1 or 2 or 4 or 8))
        {
            throw new ArgumentOutOfRangeException(nameof(wanted), wanted, "Samples must be 1, 2, 4 or 8.");
        }

        var offered = (int)(device.Limits.FramebufferColorSampleCounts & device.Limits.FramebufferDepthSampleCounts);
        while ((offered & wanted) == 0)
        {
            wanted >>= 1;
        }

        return wanted;
    }
}
