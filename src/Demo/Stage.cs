using System.Diagnostics;
using Diffusion.Cli.Generation;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Scenes;
using Diffusion.Render.Sharing;
using Diffusion.Render.Windowing;
using Diffusion.Runtime;
using Diffusion.Runtime.Budget;
using Silk.NET.Vulkan;

namespace Diffusion.Demo;

/// <summary>Everything that a frame needs, from the model to the target, and the frame itself.</summary>
/// <remarks>One thread. <see cref="Frame"/> allocates nothing but what the backend does.</remarks>
internal sealed class Stage : IDisposable
{
    private static readonly MeshPassOptions _softwareQuality = new() { Samples = 1, ShadowMapSize = 512 };

    private readonly LoadedModel _model;
    private readonly DiffusionRuntime _runtime;
    private readonly SharedTexturePass _textures;
    private readonly MeshPass _meshes;
    private readonly OverlayPass _overlay;
    private readonly Materials _materials;
    private readonly FrameRenderer _renderer;
    private readonly Hud _hud;
    private readonly bool _sharesCores;

    private Stage(DemoSettings settings, LoadedModel model, VulkanDevice device, GlfwWindow? window)
    {
        _model = model;
        Device = device;
        Target = window is null
            ? new OffscreenTarget(device, settings.FrameSize.Width, settings.FrameSize.Height)
            : new SwapchainTarget(device, window, settings.VerticalSync);
        _textures = new SharedTexturePass(device);
        _sharesCores = device.Info.Type == PhysicalDeviceType.Cpu;
        _meshes = new MeshPass(device, Target.Format, _sharesCores ? _softwareQuality : null)
        {
            Camera = Materials.Camera,
        };
        _overlay = new OverlayPass(device, Target.Format);
        _renderer = new FrameRenderer(device, Target, [_textures, _meshes, _overlay]);
        _materials = new Materials(device);
        _runtime = new DiffusionRuntime(model.Backend, model.Folder.Description);
        Surfaces = new SurfaceSet(
            _runtime,
            model,
            _textures,
            settings.TextureSize,
            _materials.CreateSurfaces(
                model.Folder.ClassNames, settings.Generation.ClassName, settings.Generation.Seed));
        Surfaces.Show(settings.ShowDenoised ? SampleView.Denoised : SampleView.Sample);
        Budget = settings.Budget;
        _hud = new Hud(_overlay, this);
    }

    /// <summary>The Vulkan device.</summary>
    public VulkanDevice Device { get; }

    /// <summary>Where frames go.</summary>
    public FrameTarget Target { get; }

    /// <summary>The surfaces and their textures.</summary>
    public SurfaceSet Surfaces { get; }

    /// <summary>What a tick may take.</summary>
    public TimeSpan Budget { get; set; }

    /// <summary>Whether the overlay is drawn.</summary>
    public bool ShowsHud { get; set; } = true;

    /// <summary>The last tick.</summary>
    public TickReport LastTick { get; private set; }

    /// <summary>How long the last frame took, tick included.</summary>
    public TimeSpan LastFrame { get; private set; }

    /// <summary>Where the network runs.</summary>
    public string BackendDevice => _model.Backend.Device;

    /// <summary>Folder of the model.</summary>
    public string ModelPath => _model.Folder.Path;

    /// <summary>How x_t reaches the renderer.</summary>
    public SharedTexture SharingExample => Surfaces.Surfaces[0].Texture;

    /// <summary>Bytes that the CPU copied so far on the way to the renderer.</summary>
    public long TotalBytesCopied => _textures.TotalBytesCopied;

    /// <summary>Loads the model, with libtorch while the device is made, and puts the scene together.</summary>
    public static Stage Create(DemoSettings settings, GlfwWindow? window)
    {
        return settings.Generation.Backend == LoadedModel.ComputeName
            ? CreateOnOneDevice(settings, window)
            : CreateBeside(settings, window);
    }

    private static Stage CreateOnOneDevice(DemoSettings settings, GlfwWindow? window)
    {
        VulkanDevice device = CreateDevice(settings, window);
        LoadedModel? model = null;
        try
        {
            model = Load(settings, device);
            return new Stage(settings, model, device, window);
        }
        catch
        {
            model?.Dispose();
            device.Dispose();
            throw;
        }
    }

    private static Stage CreateBeside(DemoSettings settings, GlfwWindow? window)
    {
        // The two take about as long as each other, and a player waits for both.
        var loading = Task.Run(() => Load(settings, null));
        VulkanDevice? device = null;
        try
        {
            device = CreateDevice(settings, window);
            return new Stage(settings, loading.GetAwaiter().GetResult(), device, window);
        }
        catch
        {
            device?.Dispose();
            if (loading.ContinueWith(task => task.IsCompletedSuccessfully, TaskScheduler.Default).Result)
            {
                loading.Result.Dispose();
            }

            throw;
        }
    }

    private static VulkanDevice CreateDevice(DemoSettings settings, GlfwWindow? window) =>
        VulkanDevice.Create(new VulkanDeviceOptions
        {
            Window = window,
            Device = settings.Gpu,
            EnableValidation = settings.Validation,
        });

    private static LoadedModel Load(DemoSettings settings, VulkanDevice? device) => LoadedModel.Load(
        settings.Generation, settings.TextureSize.Width, settings.TextureSize.Height, device: device);

    /// <summary>Ticks, then draws one frame.</summary>
    /// <param name="seconds">Time of the animation.</param>
    /// <returns>False when there was nothing to draw to (a minimised window); the tick was made all the same.</returns>
    public bool Frame(double seconds)
    {
        long begun = Stopwatch.GetTimestamp();
        if (_sharesCores)
        {
            // A software device draws on the very cores that generate: taking turns keeps the cost of a slice steady.
            Device.WaitIdle();
        }

        LastTick = _runtime.Tick(Budget);
        if (!_renderer.TryBeginFrame(out _))
        {
            return false;
        }

        foreach (Surface surface in Surfaces.Surfaces)
        {
            _meshes.Draw(surface.Mesh, surface.PlacementAt(seconds), surface.Texture, surface.UvScale);
        }

        if (ShowsHud)
        {
            _hud.Draw();
        }

        _renderer.EndFrame();
        LastFrame = Stopwatch.GetElapsedTime(begun);
        return true;
    }

    /// <summary>The newest x_t of a surface, planar [3, H, W]; valid until the next <see cref="Frame"/>.</summary>
    public ReadOnlySpan<float> Sample(Surface surface)
    {
        var ring = _runtime.GetSamples(surface.Handle);
        return ring.CurrentSlot < 0 ? default : ring.Sample(ring.CurrentSlot);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Device.WaitIdle();
        Surfaces.Dispose();
        _runtime.Dispose();
        _renderer.Dispose();
        _materials.Dispose();
        _overlay.Dispose();
        _meshes.Dispose();
        _textures.Dispose();
        Target.Dispose();
        _model.Dispose();
        Device.Dispose();
    }
}
