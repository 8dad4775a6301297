using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Scenes;
using Diffusion.Render.Sharing;
using Diffusion.Render.Windowing;
using Silk.NET.Vulkan;

namespace Diffusion.Demo;

/// <summary>All that lives on the Vulkan device, and goes with it when it is lost.</summary>
/// <remarks>Borrows the device.</remarks>
internal sealed class StageGraphics : IDisposable
{
    private static readonly MeshPassOptions _quality = new() { ShadowMapSize = 2048 };

    // On the cores that generate, too: what a frame takes, textures lose.
    private static readonly MeshPassOptions _softwareQuality = new()
    {
        Samples = 1,
        ShadowMapSize = 512,
        Anisotropy = 1,
        BlendsMipLevels = false,
    };

    /// <summary>Makes everything.</summary>
    public StageGraphics(DemoSettings settings, VulkanDevice device, GlfwWindow? window, TimeProvider time)
    {
        Target = window is null
            ? new OffscreenTarget(device, settings.FrameSize.Width, settings.FrameSize.Height)
            : new SwapchainTarget(device, window, settings.VerticalSync);
        Textures = new SharedTexturePass(device, time);
        SharesCores = device.Info.Type == PhysicalDeviceType.Cpu;
        Meshes = new MeshPass(device, Target.Format, SharesCores ? _softwareQuality : _quality);
        Overlay = new OverlayPass(device, Target.Format);
        Renderer = new FrameRenderer(device, Target, [Textures, Meshes, Overlay]);
        Hall = new HallMeshes(device);
    }

    /// <summary>Where frames go.</summary>
    public FrameTarget Target { get; }

    /// <summary>The surfaces' textures.</summary>
    public SharedTexturePass Textures { get; }

    /// <summary>The lit scene.</summary>
    public MeshPass Meshes { get; }

    /// <summary>What the overlay is drawn with.</summary>
    public OverlayPass Overlay { get; }

    /// <summary>Frames of the three.</summary>
    public FrameRenderer Renderer { get; }

    /// <summary>The meshes.</summary>
    public HallMeshes Hall { get; }

    /// <summary>Whether the device draws on the cores that generate.</summary>
    public bool SharesCores { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Renderer.Dispose();
        Hall.Dispose();
        Overlay.Dispose();
        Meshes.Dispose();
        Textures.Dispose();
        Target.Dispose();
    }
}
